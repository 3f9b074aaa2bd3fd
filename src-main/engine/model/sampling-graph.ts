import { rowsOf } from './attention.ts'
import { anyUnfinished, type CaptionModel, maskOthers } from './caption-graph.ts'
import { decode, embedTokens, equalsToken, projectMemory, scoreWords } from './decoder.ts'
import { Graph, type Shape, type Value } from './graph.ts'
import {
  cast,
  concat,
  gather,
  less,
  loop,
  maximum,
  multiply,
  repeatForBatch,
  reshape,
  runningSum,
  softmax,
  sumAway,
  unsqueeze,
  where,
} from './operators.ts'
import { inputMemory } from './vision-tower.ts'

export interface SamplingSettings {
  /** Of each picture. */
  samples: number
  /** Tokens of a caption at most. */
  longest: number
  /** What scores are divided by before they are probabilities: below 1, likely words are likelier still. */
  temperature: number
}

/**
 * Draws k captions of each picture, token by token, as likely as the decoder holds them at a temperature. What is left to chance is fed, a
 * number for each token, so that the same numbers draw the same words.
 *
 * Inputs: `memory` `[B, 1+N, dv]`; `chances` `[L, B, k]`, from 0 to below 1. Output: `ids` int64 `[B, k, T]`, T at most L; after
 * its end token a caption is filled with end tokens.
 *
 * As in the search, the samples of a picture have their keys in one cache, and a mask shows each its own past.
 */
export function buildSamplingGraph(
  { vision, decoder }: CaptionModel,
  { samples: k, longest, temperature }: SamplingSettings,
): Graph {
  const g = new Graph('sampling')
  const { config } = decoder
  const { startToken, endToken, heads, width } = config
  const memory = inputMemory(g, vision.config)
  const chances = g.input('chances', 'float32', [longest, 'B', k])
  const sight = projectMemory(g, memory, decoder)
  const ofPictures = (type: 'float32' | 'int64', shape: readonly number[], data: number[]) =>
    repeatForBatch(g, g.constant(type, [1, ...shape], data), memory)
  const nothing = ofPictures('float32', [heads, 0, width / heads], [])

  const first: { first: Value; name: string; shape: Shape }[] = [
    carry(ofPictures('int64', [k], Array(k).fill(startToken)), ['B', k]),
    carry(cast(g, ofPictures('int64', [k], Array(k).fill(0)), 'bool'), ['B', k]),
    carry(ofPictures('int64', [k, 0], []), ['B', k, 'T']),
    carry(ofPictures('float32', [k, 0], []), ['B', k, 'P']),
    ...Array.from({ length: 2 * config.layers }, () => carry(nothing, ['B', heads, 'P', width / heads])),
  ]
  const [, , ids] = loop(g, longest, g.constant('bool', [], [1]), first, (body, turn, values) => {
    const [words, finished, ids, ancestry, ...cached] = values as [Value, Value, Value, Value, ...Value[]]
    const own = repeatForBatch(body, body.constant('float32', [1, k, k], maskOthers(k)), words)
    const seen = concat(body, [ancestry, own], 2) // [B, k, P+k]
    const embedded = embedTokens(body, reshape(body, words, [rowsOf(k)]), turn, decoder)
    const past = Array.from({ length: config.layers }, (_, layer) => ({
      keys: cached[2 * layer]!,
      values: cached[2 * layer + 1]!,
    }))
    const decoded = decode(body, embedded, k, decoder, sight, past, unsqueeze(body, seen, 1))
    const scores = multiply(body, scoreWords(body, decoded.hidden, decoder), body.scalar(1 / temperature))
    const drawn = draw(body, scores, gather(body, chances, turn))
    const next = where(body, finished, body.integers(endToken), drawn)
    return {
      condition: cast(body, anyUnfinished(body, next, decoder), 'bool'),
      values: [
        next,
        equalsToken(body, next, endToken),
        concat(body, [ids, unsqueeze(body, next, 2)], 2),
        seen,
        ...decoded.caches.flatMap(({ keys, values }) => [keys, values]),
      ],
    }
  })
  g.namedOutput('ids', ids!)
  return g
}

const carry = (first: Value, shape: Shape) => ({ first, name: 'carried', shape })

/**
 * The word at which the running sum of the probabilities reaches the chance.
 * @param scores `[B·k, vocabulary]`
 * @param chances `[B, k]`
 * @returns int64 `[B, k]`
 */
function draw(g: Graph, scores: Value, chances: Value): Value {
  const [, k] = chances.shape as [string, number]
  const reached = runningSum(g, softmax(g, scores)) // [B·k, vocabulary]
  // Sums of rounded numbers end near one: the last of them, the largest, is what chances are a part of.
  const wanted = multiply(g, reshape(g, chances, [rowsOf(k), 1]), maximum(g, reached))
  const before = cast(g, less(g, reached, wanted), 'int64')
  return reshape(g, sumAway(g, before, [1]), ['B', k])
}
