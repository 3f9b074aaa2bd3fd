import { stem } from './stem.ts'

/**
 * - `word`: letters, found by stem and by prefix;
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
const segment = /[\p{L}\p{M}\p{N}]+(?:['’][\p{L}\p{M}\p{N}]+)*/gu
const isAscii = /^[\0-\x7f]*$/
const asciiSegment = /[A-Za-z0-9]+(?:'[A-Za-z0-9]+)*/g
const spaceless =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}ー々〆]+/gu
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
    .replace(strippedMarks, '$1')
    .normalize('NFC')
    .replace(/[ßæœøđðłþı]/g, (letter) => plainLetters[letter]!)
}

/** The tokens of a text in order. Anything that is no letter or digit separates. */
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
  if (form) tokens.push({ ...form, start, end: start + text.length })
}

/** The few thousand words that captions are made of come again and again. */
const knownForms = new Map<string, WordForm | null>()
const formsKept = 20_000

type WordForm = Pick<Token, 'kind' | 'text' | 'stem'>

function formOf(word: string): WordForm | null {
  let form = knownForms.get(word)
  if (form !== undefined) return form
  const folded = fold(word).replace(/['’]/g, '').slice(0, longestToken)
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
  const characters = [...run]
  let at = start
  for (const [index, character] of characters.entries()) {
    const next = characters[index + 1] ?? ''
    const text = (character + next).normalize('NFKC')
    tokens.push({ kind: 'gram', text, stem: text, start: at, end: at + character.length + next.length })
    at += character.length
  }
}
