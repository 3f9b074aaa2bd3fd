import type { Precision, ProviderName } from '../../contract/providers.ts'
import {
  anyUnfinished,
  type Beams,
  buildCaptionGraph,
  buildRecallGraph,
  type CaptionModel,
  fromValues,
  type GenerationConfig,
  listCarried,
  nameWinners,
  recogniseAny,
  type Search,
  tabulate,
  takeFirstStep,
  takeStep,
  toValues,
} from './caption-graph.ts'
import { type Decoder, type LayerSight, projectMemory } from './decoder.ts'
import { type Form, Graph, type Value } from './graph.ts'
import { halve } from './half-precision.ts'
import { noNames, type Recognised, type SayableNames } from './names.ts'
import { add, cast, logProbability, numberImages, softmax } from './operators.ts'
import { buildVisionTower, inputMemory } from './vision-tower.ts'

/**
 * The caption step for a device that has its own memory and no `Loop`: the same search as `caption-graph.ts`, unrolled in pieces of
 * a few tokens. Between two of them all tensors stay on the device; the host only asks whether a beam is unfinished.
 *
 * `begin` takes what the caption graph takes, and `end` gives what it gives. What `begin` gives as `state.…` and `kept.…` is taken
 * by the others under these names, `goOn` gives the next state as `next.…`, and both give `unfinished` `[]`, 0 when all is said. `goOn`
 * is also told the `place` `[]` of the last token in the text.
 */
export interface SearchInPieces {
  begin: Graph
  /** null where `begin` writes the longest text. */
  goOn: Graph | null
  end: Graph
  /** Tokens of a text after `begin`, those that `goOn` adds, and at most. */
  begun: number
  added: number
  longest: number
}

export const pieceTensors = {
  unfinished: 'unfinished',
  place: 'place',
  state: (index: number) => `state.${index}`,
  next: (index: number) => `next.${index}`,
  kept: (index: number) => `kept.${index}`,
  /** The name by which the next piece takes an output. */
  inputOf: (output: string) => output.replace('next.', 'state.'),
} as const

/** So little that all words which could be chosen keep their order. */
const leastProbability = 1e-37

/**
 * The search in the shape that a provider runs well.
 * @param from what it is fed
 * @param precision fp16 where there are pieces
 * @param form of int8, on the processor
 */
export function buildSearch(
  provider: ProviderName,
  from: 'pixels' | 'memory',
  model: CaptionModel,
  generation: GenerationConfig,
  names: SayableNames = noNames,
  precision: Precision = 'fp32',
  form: Form | null = null,
): Graph | SearchInPieces {
  // Tensors of the other providers stay on their devices between two runs in no way that the runtime has for us.
  if (provider !== 'webgpu') return describers[from](model, generation, names, form)
  const build = (g: Graph) =>
    from === 'pixels' ? buildVisionTower(g, model.vision) : inputMemory(g, model.vision.config)
  const search = buildSearchInPieces(build, model, generation, names)
  return precision === 'fp16' ? halvePieces(search) : search
}

const describers = { pixels: buildCaptionGraph, memory: buildRecallGraph }

/** @param build visual memory `[B, 1+N, dv]` from the graph's inputs */
export function buildSearchInPieces(
  build: (g: Graph) => Value,
  model: CaptionModel,
  generation: GenerationConfig,
  names: SayableNames,
): SearchInPieces {
  const { decoder, text } = model
  const { added, over } = cutTokens(generation.maxNewTokens - 1)
  const begun = 1 + over

  const begin = new Graph('begin')
  const memory = build(begin)
  const sight = projectMemory(begin, memory, decoder)
  const recognised = recogniseAny(begin, names, memory)
  const search = searchOver(begin, memory, sight, recognised)
  let beams = takeFirstStep(begin, memory, search)
  for (let place = 1; place < begun; place++) {
    beams = takeStep(begin, begin.constant('int32', [], [place]), beams, search)
  }
  const kept = [...sightValues(sight), ...(recognised ? [recognised.isSeen, recognised.isPossible] : [])]
  if (text) kept.push(memory)
  for (const [index, value] of kept.entries()) begin.namedOutput(pieceTensors.kept(index), value)
  giveBeams(begin, beams, decoder, pieceTensors.state)

  return {
    begin,
    goOn: begun < generation.maxNewTokens ? goOn() : null,
    end: end(),
    begun,
    added,
    longest: generation.maxNewTokens,
  }

  function searchOver(
    g: Graph,
    batch: Value,
    itsSight: readonly LayerSight[],
    found: Recognised | null,
  ): Search {
    return {
      decoder,
      generation,
      sight: itsSight,
      tables: tabulate(g, names, found, decoder, generation),
      images: numberImages(g, batch),
      toLogProbabilities: (graph, scores) => logProbability(graph, softmax(graph, scores), leastProbability),
    }
  }

  function takeBeams(g: Graph): Beams {
    const values = listCarried(beams).map(({ first, shape }, index) =>
      g.input(pieceTensors.state(index), first.type, shape),
    )
    return fromValues(beams, values)
  }

  function goOn(): Graph {
    const g = new Graph('go on')
    let now = takeBeams(g)
    const [takenSight, rest] = takeSight(
      sight,
      kept
        .slice(0, text ? -1 : undefined)
        .map(({ type, shape }, index) => g.input(pieceTensors.kept(index), type, shape)),
    )
    const found = recognised && { isSeen: rest[0]!, isPossible: rest[1]! }
    const going = searchOver(g, now.words, takenSight, found)
    const place = cast(g, g.input(pieceTensors.place, 'float32', []), 'int32')
    for (let turn = 0; turn < added; turn++) {
      now = takeStep(g, add(g, place, g.constant('int32', [], [turn])), now, going)
    }
    giveBeams(g, now, decoder, pieceTensors.next)
    return g
  }

  function end(): Graph {
    const g = new Graph('end')
    const last = takeBeams(g)
    const compared = text && {
      memory: g.input(pieceTensors.kept(kept.length - 1), memory.type, memory.shape),
      text,
    }
    nameWinners(g, last, { generation, images: numberImages(g, last.words) }, compared)
    return g
  }
}

/** The same search in half precision: what goes from piece to piece is in halves where `begin` makes it so. */
export function halvePieces({ begin, goOn, end, ...counts }: SearchInPieces): SearchInPieces {
  const begun = halve(begin, new Set(), null)
  const halves = begun.outputs.filter(({ type }) => type === 'float16').map(({ name }) => name)
  const taken = new Set(halves)
  const next = new Set(halves.map((name) => name.replace('state.', 'next.')))
  return {
    ...counts,
    begin: begun,
    goOn: goOn && halve(goOn, taken, next),
    end: halve(end, taken, new Set()),
  }
}

/** In pieces of three to five tokens: what is left over is written by `begin`, and every token of a piece takes its time to open. */
function cutTokens(tokens: number): { added: number; over: number } {
  const choices = [3, 4, 5].map((added) => ({ added, over: tokens % added }))
  return choices.reduce((best, choice) => (choice.over < best.over ? choice : best))
}

function giveBeams(g: Graph, beams: Beams, decoder: Decoder, nameOf: (index: number) => string): void {
  g.namedOutput(pieceTensors.unfinished, anyUnfinished(g, beams.words, decoder))
  for (const [index, value] of toValues(beams).entries()) g.namedOutput(nameOf(index), value)
}

function sightValues(sight: readonly LayerSight[]): Value[] {
  return sight.flatMap(({ cross, adapter }) =>
    [cross, adapter].flatMap((seen) => (seen ? [seen.keys, seen.values] : [])),
  )
}

/** The inverse of `sightValues`, for a sight that is like another. @returns what is left of the values too */
function takeSight(like: readonly LayerSight[], values: readonly Value[]): [LayerSight[], Value[]] {
  const rest = [...values]
  const take = (is: LayerSight['cross']) => is && { keys: rest.shift()!, values: rest.shift()! }
  const sight = like.map(({ cross, adapter }) => ({ cross: take(cross), adapter: take(adapter) }))
  return [sight, rest]
}
