import type { ProviderName } from '../../contract/providers.ts'
import type { Graph } from '../model/graph.ts'
import { pieceTensors, type SearchInPieces } from '../model/search-in-pieces.ts'
import { type PackedModel, packModel } from './packed-model.ts'
import {
  type HeldTensor,
  openPacked,
  type Session,
  type SessionResult,
  type SessionTensor,
} from './session.ts'

/** A graph, or a search in pieces, as the runtime takes it. */
export type PackedSearch = PackedModel | PackedPieces

interface PackedPieces {
  begin: PackedModel
  goOn: PackedModel | null
  end: PackedModel
  begun: number
  added: number
  longest: number
  /** Outputs of `begin` and of `goOn` that stay on the device. */
  held: { begin: string[]; goOn: string[] }
}

/** @param copied as for `packModel` */
export async function packSearch(
  search: Graph | SearchInPieces,
  copied: ReadonlySet<string> = new Set(),
): Promise<PackedSearch> {
  if (!('begin' in search)) return packModel(search, copied)
  const { begin, goOn, end, ...counts } = search
  return {
    ...counts,
    begin: await packModel(begin, copied),
    goOn: goOn && (await packModel(goOn, copied)),
    end: await packModel(end, copied),
    held: { begin: heldOutputs(begin), goOn: goOn ? heldOutputs(goOn) : [] },
  }
}

function heldOutputs({ outputs }: Graph): string[] {
  return outputs.map(({ name }) => name).filter((name) => name !== pieceTensors.unfinished)
}

/** @throws LensloreError as `openSession` */
export async function openSearch(
  packed: PackedSearch,
  provider: ProviderName,
  threads: number,
): Promise<Session> {
  if (!('begin' in packed)) return openPacked(packed, provider, threads)
  const { begun, added, longest, held } = packed
  await using opened = new AsyncDisposableStack()
  const openPiece = async (piece: PackedModel, heldNames: string[]) => {
    // Where there is no device the same tensors go from piece to piece through the host.
    const choices = { held: provider === 'webgpu' ? heldNames : [] }
    return opened.adopt(await openPacked(piece, provider, threads, choices), (session) => session.close())
  }
  const begin = await openPiece(packed.begin, held.begin)
  const goOn = packed.goOn && (await openPiece(packed.goOn, held.goOn))
  const end = await openPiece(packed.end, [])
  const pieces = opened.move()

  return {
    provider,
    async run(feeds) {
      const tensors: Record<string, SessionTensor | HeldTensor> = { ...feeds }
      const inputsOf = (names: readonly string[]) =>
        Object.fromEntries(names.map((name) => [name, tensors[name]!]))
      const onDevice = new Map<string, HeldTensor>()
      /** Under the name by which the next piece takes it; what had that name is let go. */
      const keep = ({ outputs: onHost, held: given }: SessionResult) => {
        for (const [output, tensor] of Object.entries({ ...onHost, ...given })) {
          const name = pieceTensors.inputOf(output)
          onDevice.get(name)?.release()
          if ('release' in tensor) onDevice.set(name, tensor)
          tensors[name] = tensor
        }
      }
      try {
        let given = await begin.runHolding(inputsOf(begin.inputNames))
        keep(given)
        for (let length = begun; goOn && length < longest && isUnfinished(given.outputs); length += added) {
          tensors[pieceTensors.place] = { data: Float32Array.of(length), shape: [] }
          given = await goOn.runHolding(inputsOf(goOn.inputNames))
          keep(given)
        }
        return (await end.runHolding(inputsOf(end.inputNames))).outputs
      } finally {
        for (const tensor of onDevice.values()) tensor.release()
      }
    },
    close: () => pieces.disposeAsync(),
  }
}

/** Opens for a single run, of one thread. @throws LensloreError as `openSession` and `Session.run` */
export async function runOnce(
  search: Graph | SearchInPieces,
  feeds: Readonly<Record<string, SessionTensor>>,
  provider: ProviderName = 'cpu',
): Promise<Record<string, SessionTensor>> {
  const session = await openSearch(await packSearch(search), provider, 1)
  try {
    return await session.run(feeds)
  } finally {
    await session.close()
  }
}

function isUnfinished(outputs: Readonly<Record<string, SessionTensor>>): boolean {
  return Number(outputs[pieceTensors.unfinished]!.data[0]) > 0
}
