export interface GeneratedCaption {
  /** Without start and end token. */
  tokenIds: number[]
  text: string
  /** Sum of log-probabilities / length^α, the end token counted. */
  score: number
  words: GeneratedWord[]
  /** Log-probability that the caption ends where it does; 0 where it was cut off. */
  endLogProbability: number
  /** All beams, the best first, which is the caption itself. */
  beams: { text: string; score: number }[]
  /** Cosine of caption and picture in the base's common space; null where it has none, or where captions are no texts of it. */
  similarity: number | null
  /** Of the picture in that space, `[p]` of unit length; null where there is none. */
  embedding: Float32Array | null
  /** Whether it is to be believed; null for a model whose doubt nobody has calibrated. */
  doubt: Doubt | null
}

/** A word of a caption, which is one token or several. */
export interface GeneratedWord {
  text: string
  /** UTF-16 offsets in the caption. */
  start: number
  end: number
  /** Sum over its tokens. */
  logProbability: number
  /** Of the attention over the picture's places, in nats, the row for the whole left out; 0 for a model that does not look. */
  lookEntropy: number
}

/** Whether a caption is to be believed. */
export interface Doubt {
  /** Probability that the caption is right. */
  confidence: number
  isUnsure: boolean
  /** UTF-16 offsets of the words that are likely to be wrong. */
  doubtfulWords: [start: number, end: number][]
}
