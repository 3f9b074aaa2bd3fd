import { packEmbedding } from '../../contract/embedding.ts'
import type { Database } from '../store/database.ts'
import { bytesOf, toVector } from '../store/embeddings.ts'
import { placesAllOver } from './all-over.ts'
import { dot } from './dot.ts'
import { createTurns } from './turns.ts'
import { toUnitLength } from './unit-length.ts'

/**
 * Some photos lie near whatever is asked for: they are hubs (hubness; Radovanović, Nanopoulos and Ivanović, JMLR 11, 2010). How near a photo
 * lies to its ten nearest of a thousand captions of the library tells them, as in cross-domain similarity local scaling (Conneau et al., ICLR 2018).
 */
export interface Hubness {
  /**
   * Embeds captions from all over the library, where there are enough of them and none are yet, or the library is twice as large
   * as it was then. To be called when embeddings came; a second or two, once.
   * @throws what `embedText` throws; DOMException `AbortError` through the signal.
   */
  keepUp(space: string, embedText: EmbedText, signal?: AbortSignal): Promise<void>
  /**
   * By how much nearer a photo, of unit length, lies to captions than photos do on average, in cosines.
   * @returns null where nothing is known of the space
   */
  in(space: string): ((unit: Float32Array) => number) | null
}

/** @returns `[p]` of any length but 0 */
export type EmbedText = (text: string) => Promise<Float32Array>

/** Fewer say nothing; more say no more. */
const fewestTexts = 256
const mostTexts = 1000
/** Captions of one subject are some of a thousand. */
const nearestTexts = 10

interface Known {
  captioned: number
  hubnessOf(unit: Float32Array): number
}

interface Captioned {
  text: string
  vector: Buffer
}

export function createHubness({ prepare, write }: Database): Hubness {
  const known = new Map<string, Known>()

  function numberOf(space: string): number | undefined {
    return prepare<{ number: number }>('SELECT number FROM spaces WHERE name = ?').get(space)?.number
  }

  /** Of how many photos with captions they are. */
  function captionedIn(number: number): number | undefined {
    return prepare<{ captioned: number }>('SELECT captioned FROM hubness WHERE space = ?').get(number)
      ?.captioned
  }

  /** One photo for each different caption. */
  async function sample(number: number, turn: () => Promise<void>): Promise<Captioned[]> {
    const { last } = prepare<{ last: number | null }>(
      'SELECT max(id) AS last FROM photos WHERE embedded_in = ?',
    ).get(number)!
    const next = prepare<Captioned & { id: number }>(
      `SELECT photos.id, text, vector FROM photos INDEXED BY photos_by_space
         CROSS JOIN captions ON captions.id = caption_id
         CROSS JOIN embeddings ON embeddings.photo_id = photos.id
       WHERE embedded_in = ? AND photos.id > ? AND text <> '' ORDER BY photos.id LIMIT 1`,
    )
    const found = new Map<string, Captioned>()
    let reached = 0
    for (const before of placesAllOver(1, last ?? 0, mostTexts)) {
      await turn()
      if (before < reached) continue
      const each = next.get(number, before)
      if (!each) break
      reached = each.id
      found.set(each.text, each)
    }
    return [...found.values()]
  }

  return {
    async keepUp(space, embedText, signal) {
      const number = numberOf(space)
      if (number === undefined) return
      const { count } = prepare<{ count: number }>(
        "SELECT ifnull(sum(photos), 0) AS count FROM photo_tallies WHERE caption_source <> ''",
      ).get()!
      if (count < Math.max(fewestTexts, 2 * (captionedIn(number) ?? 0))) return
      const turn = createTurns(signal)
      const captioned = await sample(number, turn)
      if (captioned.length < fewestTexts) return

      const texts: Int8Array[] = []
      for (const { text } of captioned) {
        signal?.throwIfAborted()
        texts.push(packEmbedding(await embedText(text)))
      }
      const nearness = nearnessTo(texts)
      let sum = 0
      for (const { vector } of captioned) {
        await turn()
        const unit = toUnitLength(toVector(vector))
        if (unit) sum += nearness(unit)
      }
      write(() =>
        prepare(
          'INSERT OR REPLACE INTO hubness (space, width, texts, usual, captioned) VALUES (?, ?, ?, ?, ?)',
        ).run(number, texts[0]!.length, Buffer.concat(texts.map(bytesOf)), sum / captioned.length, count),
      )
    },

    in(space) {
      const number = numberOf(space)
      const captioned = number === undefined ? undefined : captionedIn(number)
      if (number === undefined || captioned === undefined) return null
      let mine = known.get(space)
      if (mine?.captioned !== captioned) {
        const { width, texts, usual } = prepare<{ width: number; texts: Buffer; usual: number }>(
          'SELECT width, texts, usual FROM hubness WHERE space = ?',
        ).get(number)!
        const all = toVector(texts)
        const nearness = nearnessTo(
          Array.from({ length: all.length / width }, (_, at) => all.subarray(at * width, (at + 1) * width)),
        )
        mine = { captioned, hubnessOf: (unit) => nearness(unit) - usual }
        known.set(space, mine)
      }
      return mine.hubnessOf
    },
  }
}

/** The mean cosine of a vector of unit length with its nearest of some texts. */
function nearnessTo(texts: readonly Int8Array[]): (unit: Float32Array) => number {
  const units = texts.flatMap((text) => toUnitLength(text) ?? [])
  const cosines = new Float32Array(units.length)
  return (seen) => {
    for (let at = 0; at < units.length; at++) cosines[at] = dot(units[at]!, seen)
    const nearest = cosines.toSorted().subarray(-nearestTexts)
    return nearest.reduce((sum, each) => sum + each, 0) / nearest.length
  }
}
