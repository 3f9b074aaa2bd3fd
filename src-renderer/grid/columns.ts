import type { TimelinePage } from '../../src-main/contract/records.ts'

/** Photos that are asked for together. */
export const photosOfBlock = 500
const keptBytes = 4 * 1024 * 1024

interface Block {
  page: TimelinePage
  bytes: number
  /** Something of it may have changed: shown until it is read again. */
  isStale: boolean
}

interface Asked {
  reading: Promise<void>
  stop: AbortController
  /** Somebody waits for it, whatever is in sight. */
  isPinned: boolean
  /** Something changed since it was asked for, which the answer may lack. */
  isLate: boolean
}

export interface PhotoAt {
  page: TimelinePage
  index: number
}

export const blockOf = (place: number) => Math.floor(place / photosOfBlock)

/** The blocks that hold the places from `start` to before `end`. */
export function blocksOf(start: number, end: number): number[] {
  const blocks: number[] = []
  for (let block = blockOf(start); block * photosOfBlock < end; block++) blocks.push(block)
  return blocks
}

/** The columns of a timeline as far as they are at hand, in blocks; those that were of use longest ago are let go of. */
export class Columns {
  readonly #read: (offset: number, limit: number, signal: AbortSignal) => Promise<TimelinePage>
  readonly #hear: { onRead(page: TimelinePage): void; onProblem(): void }
  #blocks = new Map<number, Block>()
  #asked = new Map<number, Asked>()
  #bytes = 0

  constructor(
    read: (offset: number, limit: number, signal: AbortSignal) => Promise<TimelinePage>,
    hear: { onRead(page: TimelinePage): void; onProblem(): void },
  ) {
    this.#read = read
    this.#hear = hear
  }

  /** Asks for what is missing of these blocks, and no longer for what was wanted before and is not now. */
  want(blocks: ReadonlySet<number>): void {
    for (const [block, { stop, isPinned }] of this.#asked) {
      if (!isPinned && !blocks.has(block)) stop.abort()
    }
    for (const block of blocks) {
      const known = this.#blocks.get(block)
      if (known) this.#touch(block, known)
      if (!known || known.isStale) this.#ask(block, false).catch(() => {})
    }
  }

  /** Answers when these blocks are at hand, whatever is wanted meanwhile. @throws what reading throws */
  async load(blocks: Iterable<number>): Promise<void> {
    await Promise.all(
      [...blocks].map((block) => (this.#blocks.has(block) ? undefined : this.#ask(block, true))),
    )
  }

  hasAll(blocks: Iterable<number>): boolean {
    return [...blocks].every((block) => this.#blocks.has(block))
  }

  at(place: number): PhotoAt | undefined {
    const page = this.#blocks.get(blockOf(place))?.page
    const index = place % photosOfBlock
    return page && index < page.ids.length ? { page, index } : undefined
  }

  idAt(place: number): number | undefined {
    const found = this.at(place)
    return found?.page.ids[found.index]
  }

  /** The ratios from one place to before another; undefined where they are not all at hand. */
  ratios(start: number, end: number): Float32Array | undefined {
    if (!this.hasAll(blocksOf(start, end))) return undefined
    const ratios = new Float32Array(end - start)
    for (let place = start; place < end; place++) {
      const found = this.at(place)
      if (found) ratios[place - start] = found.page.ratios[found.index]!
    }
    return ratios
  }

  placeOf(id: number): number | undefined {
    for (const [block, { page }] of this.#blocks) {
      const index = page.ids.indexOf(id)
      if (index >= 0) return block * photosOfBlock + index
    }
    return undefined
  }

  /** Lets all be read again when it is wanted next. */
  distrust(): void {
    for (const block of this.#blocks.values()) block.isStale = true
    for (const asked of this.#asked.values()) asked.isLate = true
  }

  /** Ends whatever is under way. */
  close(): void {
    for (const { stop } of this.#asked.values()) stop.abort()
    this.#asked.clear()
  }

  #ask(block: number, isPinned: boolean): Promise<void> {
    const asked = this.#asked.get(block)
    if (asked && !asked.stop.signal.aborted) {
      asked.isPinned ||= isPinned
      return asked.reading
    }
    const stop = new AbortController()
    const next: Asked = { reading: Promise.resolve(), stop, isPinned, isLate: false }
    this.#asked.set(block, next)
    next.reading = this.#readBlock(block, next)
    return next.reading
  }

  async #readBlock(block: number, asked: Asked): Promise<void> {
    const { stop } = asked
    try {
      const page = await this.#read(block * photosOfBlock, photosOfBlock, stop.signal)
      if (stop.signal.aborted) return
      const known = this.#blocks.get(block)
      // Photos came or went: what is shown stays as it is until all of it is moved into the new order.
      if (known && known.page.token !== page.token) known.isStale = false
      else this.#put(block, page, asked.isLate)
      this.#hear.onRead(page)
    } catch (thrown) {
      if (stop.signal.aborted) return
      this.#hear.onProblem()
      throw thrown
    } finally {
      if (this.#asked.get(block) === asked) this.#asked.delete(block)
    }
  }

  #put(block: number, page: TimelinePage, isStale: boolean): void {
    const bytes = [page.ids, page.sortMs, page.ratios, page.colors, page.hashes, page.flags].reduce(
      (sum, column) => sum + column.byteLength,
      0,
    )
    this.#forget(block)
    this.#touch(block, { page, bytes, isStale })
    this.#bytes += bytes
    for (const old of this.#blocks.keys()) {
      if (this.#bytes <= keptBytes) break
      this.#forget(old)
    }
  }

  #touch(block: number, known: Block): void {
    this.#blocks.delete(block)
    this.#blocks.set(block, known)
  }

  #forget(block: number): void {
    this.#bytes -= this.#blocks.get(block)?.bytes ?? 0
    this.#blocks.delete(block)
  }
}

/** The first 16 hex digits of a photo's content hash; null where the file was not read yet. */
export function hashAt({ page, index }: PhotoAt): string | null {
  const bytes = page.hashes.subarray(index * 8, index * 8 + 8)
  return bytes.some((byte) => byte !== 0)
    ? Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
    : null
}

export function colorAt({ page, index }: PhotoAt): string {
  const [red, green, blue] = page.colors.subarray(index * 3, index * 3 + 3)
  return `rgb(${red} ${green} ${blue})`
}
