import { readFile, realpath } from 'node:fs/promises'
import { dirname, isAbsolute, relative, sep } from 'node:path'
import type { Graph, TensorLocation } from '../model/graph.ts'
import { type Placement, serialiseModel } from '../model/onnx-file.ts'

/** A graph as the runtime takes it. */
export interface PackedModel {
  /** An ONNX ModelProto. */
  bytes: Uint8Array
  /** Where its weights' files are looked for. */
  folder: string
}

/**
 * Packs a graph for the runtime, which maps the weights from the files where they lie. It takes one folder, and files
 * below it by their real places: a link that leads out of the folder is refused. So the folder is the one that all
 * the real files have in common.
 * @param copied files whose tensors go into the bytes instead. The runtime keeps a mapped file open, and on some
 * systems an open file cannot be replaced; it may also lie on another drive than the rest.
 */
export async function packModel(graph: Graph, copied: ReadonlySet<string> = new Set()): Promise<PackedModel> {
  const locations = graph.initializers.flatMap((weight) => ('location' in weight ? [weight.location] : []))
  const realPaths = new Map<string, string>()
  const contents = new Map<string, Uint8Array>()
  for (const path of new Set(locations.map(({ filePath }) => filePath))) {
    if (copied.has(path)) contents.set(path, await readFile(path))
    else realPaths.set(path, await realpath(path))
  }
  const folder = commonFolder([...realPaths.values()])
  const place = ({ filePath, offsetBytes, byteLength }: TensorLocation): Placement => {
    const content = contents.get(filePath)
    if (content) return { bytes: content.subarray(offsetBytes, offsetBytes + byteLength) }
    const file = relative(folder, realPaths.get(filePath)!).replaceAll(sep, '/')
    return { file, offsetBytes, byteLength }
  }
  return { bytes: serialiseModel(graph, place), folder }
}

function commonFolder(paths: readonly string[]): string {
  let folder = paths.length === 0 ? process.cwd() : dirname(paths[0]!)
  while (dirname(folder) !== folder && !paths.every((path) => isBelow(folder, path))) folder = dirname(folder)
  return folder
}

function isBelow(folder: string, path: string): boolean {
  const way = relative(folder, path)
  return way.split(sep)[0] !== '..' && !isAbsolute(way)
}
