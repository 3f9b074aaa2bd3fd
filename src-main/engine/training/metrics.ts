/**
 * Caption metrics as the COCO evaluation computes them: BLEU-1..4 over the whole set with the closest reference
 * length (Papineni et al. 2002), ROUGE-L with β = 1.2 (Lin 2004) and CIDEr-D with σ = 6 (Vedantam et al. 2015).
 */

/** One picture: what was generated, and what people wrote, as words. */
export interface ScoredPicture {
  candidate: readonly string[]
  references: readonly (readonly string[])[]
}

export interface CaptionScores {
  /** BLEU-1 to BLEU-4. */
  bleu: [number, number, number, number]
  rougeL: number
  cider: number
  /** In the order of the pictures. */
  ciderPerPicture: number[]
}

const maxOrder = 4

/** Words as they are compared: lower-cased, punctuation dropped. */
export function wordsOf(caption: string): string[] {
  return caption
    .toLowerCase()
    .replace(/[\p{P}\p{S}]/gu, '')
    .split(/\s+/u)
    .filter(Boolean)
}

/** @throws RangeError where there is no picture, or one without references. */
export function scoreCaptions(pictures: readonly ScoredPicture[]): CaptionScores {
  if (pictures.length === 0) throw new RangeError('There is no picture to score.')
  if (pictures.some(({ references }) => references.length === 0)) {
    throw new RangeError('A picture without a reference caption cannot be scored.')
  }
  const ciderPerPicture = scoreCider(pictures)
  return {
    bleu: scoreBleu(pictures),
    rougeL: mean(pictures.map(scoreRougeL)),
    cider: mean(ciderPerPicture),
    ciderPerPicture,
  }
}

type Counts = Map<string, number>

/** Every run of `order` words with the number of times it occurs. */
function countNgrams(words: readonly string[], order: number): Counts {
  const counts: Counts = new Map()
  for (let at = 0; at + order <= words.length; at++) {
    const ngram = words.slice(at, at + order).join(' ')
    counts.set(ngram, (counts.get(ngram) ?? 0) + 1)
  }
  return counts
}

function scoreBleu(pictures: readonly ScoredPicture[]): [number, number, number, number] {
  // The evaluation code's own guards against division by nothing; they show in the last digits.
  const tiny = 1e-15
  const small = 1e-9
  let candidateLength = 0
  let referenceLength = 0
  const guessed = [0, 0, 0, 0]
  const correct = [0, 0, 0, 0]
  for (const { candidate, references } of pictures) {
    candidateLength += candidate.length
    referenceLength += closestLength(candidate.length, references)
    for (let order = 1; order <= maxOrder; order++) {
      guessed[order - 1]! += Math.max(0, candidate.length - order + 1)
      correct[order - 1]! += countMatches(candidate, references, order)
    }
  }
  const ratio = (candidateLength + tiny) / (referenceLength + small)
  const brevityPenalty = ratio < 1 ? Math.exp(1 - 1 / ratio) : 1
  let product = 1
  return guessed.map((total, index) => {
    product *= (correct[index]! + tiny) / (total + small)
    return product ** (1 / (index + 1)) * brevityPenalty
  }) as [number, number, number, number]
}

/** The reference length nearest to the candidate's; the shorter of two that are as near. */
function closestLength(length: number, references: readonly (readonly string[])[]): number {
  const lengths = references.map((reference) => reference.length).sort((a, b) => a - b)
  return lengths.reduce((best, each) => (Math.abs(each - length) < Math.abs(best - length) ? each : best))
}

/** N-grams of the candidate that a reference has too, each at most as often as in any one reference. */
function countMatches(
  candidate: readonly string[],
  references: readonly (readonly string[])[],
  order: number,
): number {
  const allowed: Counts = new Map()
  for (const reference of references) {
    for (const [ngram, count] of countNgrams(reference, order)) {
      allowed.set(ngram, Math.max(count, allowed.get(ngram) ?? 0))
    }
  }
  let matches = 0
  for (const [ngram, count] of countNgrams(candidate, order)) {
    matches += Math.min(count, allowed.get(ngram) ?? 0)
  }
  return matches
}

function scoreRougeL({ candidate, references }: ScoredPicture): number {
  const beta = 1.2
  const common = references.map((reference) => longestCommonSubsequence(candidate, reference))
  const precision = Math.max(...common.map((length) => length / Math.max(1, candidate.length)))
  const recall = Math.max(...common.map((length, i) => length / Math.max(1, references[i]!.length)))
  if (precision === 0 || recall === 0) return 0
  return ((1 + beta ** 2) * precision * recall) / (recall + beta ** 2 * precision)
}

function longestCommonSubsequence(a: readonly string[], b: readonly string[]): number {
  let previous = new Array<number>(b.length + 1).fill(0)
  for (const word of a) {
    const current = [0]
    for (let j = 1; j <= b.length; j++) {
      current.push(word === b[j - 1] ? previous[j - 1]! + 1 : Math.max(previous[j]!, current[j - 1]!))
    }
    previous = current
  }
  return previous[b.length]!
}

/** Tf-idf weights of one caption's n-grams: a vector an order, with its norm. */
interface WeightedCaption {
  weights: Counts[]
  norms: number[]
  /** Number of bigrams: that is what the evaluation code takes for the length. */
  length: number
}

function scoreCider(pictures: readonly ScoredPicture[]): number[] {
  const score = createCider(pictures.map(({ references }) => references))
  return pictures.map(score)
}

/**
 * CIDEr-D of single pictures, by how rare each run of words is among the references of a whole set.
 * @param documents the references of each picture of the set
 */
export function createCider(
  documents: readonly (readonly (readonly string[])[])[],
): (picture: ScoredPicture) => number {
  const documentFrequency = countDocuments(documents)
  const logPictures = Math.log(documents.length)
  const weigh = (words: readonly string[]) => weighCaption(words, documentFrequency, logPictures)
  return ({ candidate, references }) => {
    const hypothesis = weigh(candidate)
    return 10 * mean(references.map((reference) => similarity(hypothesis, weigh(reference))))
  }
}

/** In how many pictures' references each n-gram occurs. */
function countDocuments(documents: readonly (readonly (readonly string[])[])[]): Counts {
  const frequency: Counts = new Map()
  for (const references of documents) {
    const seen = new Set(
      references.flatMap((words) => orders().flatMap((n) => [...countNgrams(words, n).keys()])),
    )
    for (const ngram of seen) frequency.set(ngram, (frequency.get(ngram) ?? 0) + 1)
  }
  return frequency
}

function weighCaption(
  words: readonly string[],
  documentFrequency: Counts,
  logPictures: number,
): WeightedCaption {
  const weights = orders().map((order) => {
    const vector: Counts = new Map()
    for (const [ngram, count] of countNgrams(words, order)) {
      const rarity = logPictures - Math.log(Math.max(1, documentFrequency.get(ngram) ?? 0))
      vector.set(ngram, count * rarity)
    }
    return vector
  })
  const norms = weights.map((vector) => Math.hypot(...vector.values()))
  return { weights, norms, length: Math.max(0, words.length - 1) }
}

/** Mean over the orders of the clipped cosine, less for captions of another length. */
function similarity(hypothesis: WeightedCaption, reference: WeightedCaption): number {
  const sigma = 6
  const difference = hypothesis.length - reference.length
  const lengthPenalty = Math.exp(-(difference ** 2) / (2 * sigma ** 2))
  return mean(
    hypothesis.weights.map((vector, index) => {
      let product = 0
      for (const [ngram, weight] of vector) {
        const other = reference.weights[index]!.get(ngram) ?? 0
        product += Math.min(weight, other) * other
      }
      const norm = hypothesis.norms[index]! * reference.norms[index]!
      return (norm === 0 ? product : product / norm) * lengthPenalty
    }),
  )
}

const orders = () => Array.from({ length: maxOrder }, (_, index) => index + 1)

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0) / numbers.length
}
