import { stem } from './stem.ts'

/**
 * - `word`: letters, found by stem and by prefix; an emoji is one, too;
 * - `number`: digits only;
 * - `code`: letters with digits among them, as in names that programs give: there may be as many as photos;
 * - `gram`: two neighbouring characters of a script that writes no spaces (or the last one of a run), so that
 *   every part of a run is found without knowing where its words end.
 */
export type TokenKind = 'word' | 'number' | 'code' | 'gram'

export interface Token {
  kind: TokenKind
  /** Folded: lower case, without diacritics. */
  text: string
  /** What the index holds. */
  stem: string
  /** UTF-16 offsets in the original text. */
  start: number
  end: number
}

const longestToken = 64
/** As they are typed, and as programs set them: in `l'école`, `O’Brien`. */
const apostrophes = "'’‘ʼ＇"
/**
 * Two letters of a flag, a picture, or letters and digits, also with signs among them that nobody sees: soft hyphens, joiners.
 * What is a picture only by its colour (© ™ ↔) is a sign like others.
 */
const segment = new RegExp(
  `[\\u{1F1E6}-\\u{1F1FF}]{2}|(?![©®™‼⁉←-⇿])\\p{Extended_Pictographic}|` +
    `[\\p{L}\\p{M}\\p{N}\\p{DI}]+(?:[${apostrophes}][\\p{L}\\p{M}\\p{N}\\p{DI}]+)*`,
  'gu',
)
const unseen = /(?:\p{DI}|\u20e3)+/gu
const apostrophe = new RegExp(`[${apostrophes}]`, 'g')
/** What English writes after an apostrophe and is no word by itself. */
const shortened = new Set(['ll', 're', 've'])
const isAscii = /^[\0-\x7f]*$/
const asciiSegment = /[A-Za-z0-9]+(?:'[A-Za-z0-9]+)*/g
/** Scripts that write no spaces between words, or, as Hangul, write particles and compounds in one with them. */
const spacelessScripts =
  'Han Hiragana Katakana Hangul Bopomofo Yi Thai Lao Khmer Myanmar Tai_Tham Tai_Le New_Tai_Lue Tai_Viet Javanese Balinese'
const spacelessSigns = `${spacelessScripts
  .split(' ')
  .map((script) => `\\p{Script=${script}}`)
  .join('')}ー々〆\\u3099\\u309a\\uff70\\uff9e\\uff9f`
const spaceless = new RegExp(`[${spacelessSigns}][${spacelessSigns}\\p{DI}]*`, 'gu')
/** A syllable of Hangul in its parts, as macOS writes names; a kana with its mark apart; any other character. */
const character =
  /[\u1100-\u115f\ua960-\ua97c]+[\u1160-\u11a7\ud7b0-\ud7c6]*[\u11a8-\u11ff\ud7cb-\ud7fb]*|\P{DI}[\u3099\u309a\uff9e\uff9f]?/gu
const strippedMarks =
  /([\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Arabic}\p{Script=Hebrew}])\p{Mn}+/gu
const isOnePart = /^(?:[A-Z]?[a-z]+|[A-Z]+|[0-9]+)$/
const wordParts = /\p{Lu}+(?!\p{Ll})|\p{Lu}?[\p{Ll}\p{Lo}\p{Lm}\p{M}]+|\p{N}+/gu
/** Letters that carry their mark inside, which Unicode does not take apart. */
const plainLetters: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  ł: 'l',
  þ: 'th',
  ı: 'i',
}

/** Lower case, compatibility forms and diacritics folded: `Zürich` and `ＺＵＲＩＣＨ` give `zurich`. */
export function fold(text: string): string {
  // Most words are plain ASCII, and Unicode's tables are slow.
  if (/^[a-z0-9]*$/.test(text)) return text
  if (/^[A-Za-z0-9]*$/.test(text)) return text.toLowerCase()
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replace(unseen, '')
    .replace(strippedMarks, '$1')
    .normalize('NFC')
    .replace(/[ßæœøđðłþı]/g, (letter) => plainLetters[letter]!)
}

/** A whole name as it is compared with another: folded, one blank between its words. */
export function foldName(name: string): string {
  return fold(name)
    .split(/[^\p{L}\p{M}\p{N}]+/u)
    .filter(Boolean)
    .join(' ')
}

/**
 * The tokens of a text in order. Anything that is no letter, digit or emoji separates. After a word with an apostrophe comes what
 * stands behind it: `l'école` is `lecole` and `ecole`.
 */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  // Most texts are ASCII, and Unicode's classes are slow to match.
  if (isAscii.test(text)) {
    for (const match of text.matchAll(asciiSegment)) pushWord(tokens, match[0], match.index)
    return tokens
  }
  for (const match of text.matchAll(segment)) {
    const start = match.index
    let at = 0
    for (const run of match[0].matchAll(spaceless)) {
      pushWord(tokens, match[0].slice(at, run.index), start + at)
      pushGrams(tokens, run[0], start + run.index)
      at = run.index + run[0].length
    }
    pushWord(tokens, match[0].slice(at), start + at)
  }
  return tokens
}

/**
 * The parts that a name like `IMG1234` or `summerHoliday` is put together from, beyond its tokens as they
 * stand; nothing for plain words.
 */
export function tokenizeParts(text: string): Token[] {
  const tokens: Token[] = []
  for (const match of text.matchAll(segment)) {
    if (isOnePart.test(match[0])) continue
    const parts = [...match[0].matchAll(wordParts)]
    if (parts.length < 2) continue
    for (const part of parts) {
      if (!spacelessRun(part[0])) pushWord(tokens, part[0], match.index + part.index)
    }
  }
  return tokens
}

/** Whether there is anything in a text that is searched. */
export function hasWords(text: string): boolean {
  return tokenize(text).length > 0
}

/** The same of what is looked for, which ends with a word as it is typed: `l'école` is no `école`. */
export function tokenizeWanted(text: string): Token[] {
  const tokens = tokenize(text)
  while (tokens.length > 1 && isBehindApostrophe(tokens.at(-1)!, tokens)) tokens.pop()
  return tokens
}

function isBehindApostrophe(last: Token, tokens: readonly Token[]): boolean {
  return last.kind !== 'gram' && tokens.some((other) => other.start < last.start && other.end >= last.end)
}

/** The tokens of a name, and after them its parts: at the end, so that phrases over the tokens still hold. */
export function tokenizeName(text: string): Token[] {
  return [...tokenize(text), ...tokenizeParts(text)]
}

/** Whether the text has characters of scripts that write no spaces. */
function spacelessRun(text: string): boolean {
  return text.search(spaceless) >= 0
}

function pushWord(tokens: Token[], text: string, start: number): void {
  const form = formOf(text)
  if (!form) return
  tokens.push({ ...form, start, end: start + text.length })
  if (text.search(apostrophe) < 0) return
  let at = start
  for (const [index, part] of text.split(apostrophe).entries()) {
    const partForm = index === 0 ? null : formOf(part)
    if (partForm && partForm.text.length > 1 && !shortened.has(partForm.text)) {
      tokens.push({ ...partForm, start: at, end: at + part.length })
    }
    at += part.length + 1
  }
}

/** The few thousand words that captions are made of come again and again. */
const knownForms = new Map<string, WordForm | null>()
const formsKept = 20_000

type WordForm = Pick<Token, 'kind' | 'text' | 'stem'>

function formOf(word: string): WordForm | null {
  let form = knownForms.get(word)
  if (form !== undefined) return form
  const folded = fold(word).replace(apostrophe, '').slice(0, longestToken)
  // Only marks, or half of a surrogate pair where the cut fell: nothing to find.
  const text = folded.toWellFormed().replaceAll('\ufffd', '')
  const kind = !/\p{N}/u.test(text) ? 'word' : /^\p{N}+$/u.test(text) ? 'number' : 'code'
  form = text === '' ? null : { kind, text, stem: stem(text) }
  // Words that were read long ago and never since should not stay for good.
  if (knownForms.size >= formsKept) knownForms.clear()
  if (word.length <= longestToken) knownForms.set(word, form)
  return form
}

function pushGrams(tokens: Token[], run: string, start: number): void {
  const characters = [...run.matchAll(character)].map(({ 0: text, index }) => ({
    text,
    start: start + index,
    end: start + index + text.length,
  }))
  for (const [index, first] of characters.entries()) {
    const next = characters[index + 1]
    const text = (first.text + (next?.text ?? '')).normalize('NFKC')
    tokens.push({ kind: 'gram', text, stem: text, start: first.start, end: (next ?? first).end })
  }
}
