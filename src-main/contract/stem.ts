/**
 * English words to their stems, after M. F. Porter, "An algorithm for suffix stripping" (1980), with the
 * irregular plurals that captions are full of. A stem need not be a word; it only has to be the same for the
 * forms of one.
 */

const irregular: Readonly<Record<string, string>> = {
  men: 'man',
  women: 'woman',
  children: 'child',
  people: 'person',
  feet: 'foot',
  teeth: 'tooth',
  geese: 'goose',
  mice: 'mouse',
  leaves: 'leaf',
  knives: 'knife',
  wolves: 'wolf',
  calves: 'calf',
  shelves: 'shelf',
  loaves: 'loaf',
}

/** @param word folded: lower case, without marks. Words that are not plain a–z come back unchanged. */
export function stem(word: string): string {
  if (word.length <= 2 || !/^[a-z]+$/.test(word)) return word
  let w = Object.hasOwn(irregular, word) ? irregular[word]! : word
  w = stripPlural(w)
  w = stripPast(w)
  if (w.endsWith('y') && hasVowel(w.slice(0, -1))) w = `${w.slice(0, -1)}i`
  w = replaceSuffix(w, doubleSuffixes, 0)
  w = replaceSuffix(w, singleSuffixes, 0)
  w = dropSuffix(w)
  return tidyEnd(w)
}

const doubleSuffixes: readonly (readonly [string, string])[] = [
  ['ational', 'ate'],
  ['tional', 'tion'],
  ['enci', 'ence'],
  ['anci', 'ance'],
  ['izer', 'ize'],
  ['abli', 'able'],
  ['alli', 'al'],
  ['entli', 'ent'],
  ['eli', 'e'],
  ['ousli', 'ous'],
  ['ization', 'ize'],
  ['ation', 'ate'],
  ['ator', 'ate'],
  ['alism', 'al'],
  ['iveness', 'ive'],
  ['fulness', 'ful'],
  ['ousness', 'ous'],
  ['aliti', 'al'],
  ['iviti', 'ive'],
  ['biliti', 'ble'],
]

const singleSuffixes: readonly (readonly [string, string])[] = [
  ['icate', 'ic'],
  ['ative', ''],
  ['alize', 'al'],
  ['iciti', 'ic'],
  ['ical', 'ic'],
  ['ful', ''],
  ['ness', ''],
]

/** Longest first, where one ends with another. */
const droppedSuffixes = [
  ...[
    'ement',
    'ment',
    'ent',
    'ance',
    'ence',
    'able',
    'ible',
    'ant',
    'ism',
    'ate',
    'iti',
    'ous',
    'ive',
    'ize',
  ],
  ...['ion', 'al', 'er', 'ic', 'ou'],
]

function stripPlural(w: string): string {
  if (w.endsWith('sses') || w.endsWith('ies')) return w.slice(0, -2)
  return w.endsWith('s') && !w.endsWith('ss') ? w.slice(0, -1) : w
}

function stripPast(w: string): string {
  if (w.endsWith('eed')) return measure(w.slice(0, -3)) > 0 ? w.slice(0, -1) : w
  const suffix = w.endsWith('ed') ? 2 : w.endsWith('ing') ? 3 : 0
  if (suffix === 0 || !hasVowel(w.slice(0, -suffix))) return w
  const base = w.slice(0, -suffix)
  if (/(?:at|bl|iz)$/.test(base)) return `${base}e`
  if (/([^aeiou])\1$/.test(base) && !/[lsz]$/.test(base)) return base.slice(0, -1)
  return measure(base) === 1 && endsShort(base) ? `${base}e` : base
}

function replaceSuffix(
  w: string,
  suffixes: readonly (readonly [string, string])[],
  aboveMeasure: number,
): string {
  for (const [suffix, replacement] of suffixes) {
    if (!w.endsWith(suffix)) continue
    const base = w.slice(0, -suffix.length)
    return measure(base) > aboveMeasure ? base + replacement : w
  }
  return w
}

function dropSuffix(w: string): string {
  const suffix = droppedSuffixes.find((candidate) => w.endsWith(candidate))
  if (suffix === undefined) return w
  const base = w.slice(0, -suffix.length)
  if (suffix === 'ion' && !/[st]$/.test(base)) return w
  return measure(base) > 1 ? base : w
}

function tidyEnd(w: string): string {
  let result = w
  if (result.endsWith('e')) {
    const base = result.slice(0, -1)
    const m = measure(base)
    if (m > 1 || (m === 1 && !endsShort(base))) result = base
  }
  return result.endsWith('ll') && measure(result) > 1 ? result.slice(0, -1) : result
}

function isVowel(w: string, at: number): boolean {
  const letter = w[at]!
  if ('aeiou'.includes(letter)) return true
  return letter === 'y' && at > 0 && !isVowel(w, at - 1)
}

function hasVowel(w: string): boolean {
  for (let at = 0; at < w.length; at++) if (isVowel(w, at)) return true
  return false
}

/** Porter's m: how often a vowel is followed by a consonant. */
function measure(w: string): number {
  let m = 0
  for (let at = 1; at < w.length; at++) if (!isVowel(w, at) && isVowel(w, at - 1)) m++
  return m
}

/** Porter's *o: ends consonant, vowel, consonant, where the last is not w, x or y. */
function endsShort(w: string): boolean {
  const last = w.length - 1
  return (
    last >= 2 &&
    !isVowel(w, last) &&
    isVowel(w, last - 1) &&
    !isVowel(w, last - 2) &&
    !'wxy'.includes(w[last]!)
  )
}
