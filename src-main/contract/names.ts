/**
 * Names in what a person writes: told by their capital letters, in any language whose writing has two cases, and in no other
 * way. Where all nouns have them, as in German, they tell nothing, and a person has to say what is a name.
 */

export interface FoundName {
  text: string
  /** Places in the captions that say it. */
  captions: number[]
  /** Whether its letters alone tell that it is a name; of others a person is asked. */
  isCertain: boolean
}

/** From so many captions on. */
const fewestCaptions = 3
/** Of the different words that do not begin a sentence: so many with capitals say that capitals are nothing special here. */
const usualCapitals = 0.4
/** Of the places of a word, so many at the beginning of a sentence say that one may begin with it. */
const mayBegin = 0.25

interface WrittenWord {
  text: string
  /** Of its sentence. */
  isFirst: boolean
  /** Nothing but a space is between it and the one before. */
  followsClosely: boolean
}

/**
 * Finds what captions call by a name: runs of words with capital letters that at least three of them have and that the model
 * never writes so. A word that only ever begins a sentence is not certain to be one, and is none where another beginning follows it.
 * @param captions one for each photo
 * @param spoken what the model says, of whatever photos
 * @param taught names that it says because it was taught them
 */
export function findNames(
  captions: readonly string[],
  spoken: readonly string[],
  taught: readonly string[] = [],
): FoundName[] {
  const written = captions.map(readWords)
  const later = new Set(
    written.flatMap((words) => words.flatMap(({ text, isFirst }) => (isFirst ? [] : [text]))),
  )
  const capitals = [...later].filter(isCapital).length
  const areCapitalsUsual = capitals > usualCapitals * later.size

  const own = spoken.filter((caption) => !taught.some((name) => saysName(caption, name))).flatMap(readWords)
  const ownWords = new Set(own.map(({ text }) => text.toLowerCase()))
  const ownCapitals = new Set(own.flatMap(({ text, isFirst }) => (isFirst ? [] : [text])))
  /** A capital at the beginning of a sentence tells something of a word that is never written or said otherwise. */
  const isTelling = ({ text, isFirst }: WrittenWord) =>
    isCapital(text) &&
    (isFirst ? !ownWords.has(text.toLowerCase()) && !later.has(text.toLowerCase()) : !ownCapitals.has(text))

  const isInside = new Map<string, boolean>()
  for (const words of written) {
    for (const { text, isFirst } of findRuns(words, isTelling))
      isInside.set(text, isInside.get(text) || !isFirst)
  }
  const isOpening = findOpenings([...written, own])
  return countNames([...isInside.keys()], captions)
    .filter(({ text }) => isInside.get(text) || !isOpening(text))
    .map((found) => ({ ...found, isCertain: isInside.get(found.text)! && !areCapitalsUsual }))
    .sort((a, b) => b.captions.length - a.captions.length || (a.text < b.text ? -1 : 1))
}

/**
 * Tells whether a word that only begins sentences is one like "Today" in "Today a heron came" and "Today we swam": what comes behind
 * it in most of them begins other sentences, or is a word that again and again stands here and nowhere else. Behind a name ("Ruth on
 * the porch", "Biscuit and a ball") comes what elsewhere stands within sentences.
 */
function findOpenings(texts: readonly (readonly WrittenWord[])[]): (text: string) => boolean {
  const firsts = new Map<string, number>()
  const within = new Map<string, number>()
  for (const { text, isFirst } of texts.flat()) addOne(isFirst ? firsts : within, text.toLowerCase())
  return (opening) => {
    const behind = new Map<string, number>()
    for (const words of texts) {
      words.forEach(({ text, isFirst }, at) => {
        const next = words[at + 1]
        if (isFirst && text === opening && next && !next.isFirst) addOne(behind, next.text.toLowerCase())
      })
    }
    let [beginnings, all] = [0, 0]
    for (const [word, count] of behind) {
      const first = firsts.get(word) ?? 0
      const elsewhere = first + within.get(word)! - count
      if (elsewhere === 0 ? count >= fewestCaptions : first >= mayBegin * elsewhere) beginnings += count
      all += count
    }
    return beginnings > all / 2
  }
}

function addOne(counts: Map<string, number>, word: string): void {
  counts.set(word, (counts.get(word) ?? 0) + 1)
}

/** Where a longer name stands no shorter one does. */
function countNames(names: readonly string[], captions: readonly string[]): Omit<FoundName, 'isCertain'>[] {
  let left = [...captions]
  return names
    .toSorted((a, b) => b.length - a.length)
    .map((text) => {
      const saying = left.flatMap((caption, index) => (saysName(caption, text) ? [index] : []))
      if (saying.length >= fewestCaptions) left = left.map((caption) => caption.replaceAll(text, '…'))
      return { text, captions: saying }
    })
    .filter(({ captions: saying }) => saying.length >= fewestCaptions)
}

/** Whether a caption has a name, in its own letters and as whole words. */
export function saysName(caption: string, name: string): boolean {
  for (let at = caption.indexOf(name); at >= 0; at = caption.indexOf(name, at + 1)) {
    const before = caption.slice(0, at)
    const after = caption.slice(at + name.length)
    if (!/[\p{L}\p{N}\p{M}]$/u.test(before) && !/^[\p{L}\p{N}\p{M}]/u.test(after)) return true
  }
  return false
}

/** Words with what a possessive adds to them taken away. */
function readWords(caption: string): WrittenWord[] {
  const words: WrittenWord[] = []
  let end = 0
  for (const match of caption.matchAll(/[\p{L}\p{N}][\p{L}\p{N}\p{M}'’-]*/gu)) {
    const between = caption.slice(end, match.index)
    words.push({
      text: match[0].replace(/['’]s?$/u, ''),
      isFirst: words.length === 0 || /[.!?:]/u.test(between),
      followsClosely: /^\s+$/u.test(between) && !/['’]s?$/u.test(caption.slice(0, end)),
    })
    end = match.index + match[0].length
  }
  return words
}

/** Runs of words whose capitals tell something. */
function findRuns(
  words: readonly WrittenWord[],
  isTelling: (word: WrittenWord) => boolean,
): { text: string; isFirst: boolean }[] {
  const runs: { words: string[]; isFirst: boolean }[] = []
  let isOpen = false
  for (const word of words) {
    const isPart = isTelling(word)
    if (isPart && isOpen && word.followsClosely && !word.isFirst) runs.at(-1)!.words.push(word.text)
    else if (isPart) runs.push({ words: [word.text], isFirst: word.isFirst })
    isOpen = isPart
  }
  return runs.flatMap(({ words: [first, ...rest], isFirst }) => {
    const whole = { text: [first, ...rest].join(' '), isFirst: isFirst && rest.length === 0 }
    // What begins the sentence may be no part of the name behind it.
    return isFirst && rest.length > 0 ? [whole, { text: rest.join(' '), isFirst: false }] : [whole]
  })
}

function isCapital(text: string): boolean {
  const [first] = text
  return first !== undefined && /\p{Lu}/u.test(first)
}
