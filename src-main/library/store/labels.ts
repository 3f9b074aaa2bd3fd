import type { LabelKind } from '../../contract/label-kinds.ts'
import type { Label } from '../../contract/rooms/teaching.ts'
import type { Database } from './database.ts'
import { newestEditSql, nextUndoStepSql } from './edits.ts'

/** A person's caption as something to learn from. */
export interface LabelledPhoto {
  photoId: number
  kind: LabelKind
  text: string
  /** Lower-case hex. */
  contentHash: string
}

/** A caption of the model that a person might look at. */
export interface Candidate {
  photoId: number
  text: string
  /** Probability that it is right; null where the model was not calibrated. */
  confidence: number | null
  contentHash: string
  /** Key of the model and adapter whose words these are. */
  captionedBy: string
}

/** Captions that are labels, and photos that are none: what of them a training wants to know. */
export interface LabelStore {
  /** Of more than 20,000 captions by people, so many are counted. */
  counts(): Record<LabelKind, number>
  /** Photos in a person's own words, the newest first, before an edit. */
  newest(before: number, limit: number): Label[]
  /** Another one after each edit, and each that is taken back or brought back. */
  version(): string
  isLabel(photoId: number): boolean
  /** Captions of these kinds, those of photos that were added first before others. */
  labelled(kinds: readonly LabelKind[], limit: number): LabelledPhoto[]
  /**
   * Photos that a model captions, spread over the library by chance.
   * @param random from 0 to below 1
   * @returns each once, in the order of their ids; fewer where there are not so many.
   */
  sample(limit: number, random: () => number): Candidate[]
  /** Those of some names that photos are tagged with as people, whoever tagged them; also where it is a part of theirs. */
  people(names: readonly string[]): Set<string>
  /** Photos with exactly this content that are there. */
  photoWith(contentHash: string): { id: number } | undefined
}

/** Of the captions of models some are not current any more. */
const probesForEach = 4
/** Of captions that people wrote, no more are looked at one by one. */
const mostCounted = 20_000

/** Of a person's or imported caption that is current, and is about the photo as it is now. */
const kindSql = `CASE
    WHEN captions.source = 'imported' OR edits.kind = 'table' THEN 'imported'
    WHEN captions.edit_id IS NULL THEN 'sidecar'
    WHEN edits.kind = 'replacement' THEN 'replaced'
    WHEN edits.photos = 1 THEN 'own'
    ELSE 'batch'
  END`

const isThere = `missing_since_ms IS NULL AND error_code IS NULL AND photos.content_hash IS NOT NULL
  AND captions.content_hash IS photos.content_hash AND captions.text <> '' AND captions.is_cut = 0`

/** Photos whose caption is a person's, or a file's, with it and with the edit that made it. */
const joined = {
  person: `FROM photos INDEXED BY photos_by_person JOIN captions ON captions.id = caption_id
    LEFT JOIN edits ON edits.id = captions.edit_id WHERE caption_source = 'person' AND ${isThere}`,
  imported: `FROM photos INDEXED BY photos_by_import JOIN captions ON captions.id = caption_id
    LEFT JOIN edits ON edits.id = captions.edit_id WHERE caption_source = 'imported' AND ${isThere}`,
}

export function createLabelStore({ prepare }: Database): LabelStore {
  return {
    counts() {
      const counts = { own: 0, batch: 0, replaced: 0, imported: 0, sidecar: 0 }
      const rows = prepare<{ kind: LabelKind; photos: number }>(
        `SELECT kind, count(*) AS photos FROM (SELECT ${kindSql} AS kind ${joined.person} LIMIT ${mostCounted}) GROUP BY kind`,
      ).all()
      for (const { kind, photos } of rows) counts[kind] = photos
      // Of these there may be a million.
      counts.imported +=
        prepare<{ photos: number | null }>(
          `SELECT sum(photos) AS photos FROM photo_tallies
         WHERE caption_source = 'imported' AND is_missing = 0 AND has_error = 0`,
        ).get()!.photos ?? 0
      return counts
    },

    newest: (before, limit) =>
      prepare<Label>(
        `SELECT edits.id AS edit, photos.id AS photo, text, created_ms AS labelledMs
         FROM edits INDEXED BY edits_of_one
           JOIN captions ON captions.edit_id = edits.id AND captions.withdrawn_ms IS NULL
           JOIN photos ON photos.caption_id = captions.id AND photos.id = captions.photo_id
         WHERE edits.kind = 'caption' AND edits.photos = 1 AND edits.id < ? AND source = 'person' AND ${isThere}
         ORDER BY edits.id DESC LIMIT ?`,
      ).all(before, limit),

    version: () =>
      prepare<{ version: string }>(
        `SELECT concat(${newestEditSql}, '/', ${nextUndoStepSql}) AS version`,
      ).get()!.version,

    isLabel: (photoId) =>
      prepare<{ kind: LabelKind }>(
        `SELECT ${kindSql} AS kind FROM photos JOIN captions ON captions.id = caption_id
           LEFT JOIN edits ON edits.id = captions.edit_id
         WHERE photos.id = ? AND caption_source = 'person' AND ${isThere}`,
      ).get(photoId)?.kind === 'own',

    labelled: (kinds, limit) =>
      (['person', 'imported'] as const)
        .flatMap((source) =>
          prepare<LabelledPhoto>(
            `SELECT photos.id AS photoId, ${kindSql} AS kind, text, lower(hex(photos.content_hash)) AS contentHash
             ${joined[source]} AND ${kindSql} IN (SELECT value FROM json_each(?))
             ORDER BY photos.id LIMIT ?`,
          ).all(JSON.stringify(kinds), limit),
        )
        .slice(0, limit),

    sample(limit, random) {
      const { last } = prepare<{ last: number | null }>(
        `SELECT max(id) AS last FROM captions INDEXED BY captions_by_models WHERE source = 'model'`,
      ).get()!
      /** Current ones among the next captions of models. */
      const among = (from: number, captions: number) =>
        prepare<Candidate>(
          `SELECT photos.id AS photoId, text, confidence, lower(hex(photos.content_hash)) AS contentHash,
             captioned_by AS captionedBy
           FROM (SELECT id FROM captions INDEXED BY captions_by_models
               WHERE source = 'model' AND id >= ? ORDER BY id LIMIT ?) AS next
             JOIN captions ON captions.id = next.id
             JOIN photos ON photos.id = captions.photo_id AND photos.caption_id = captions.id
           WHERE captioned_by IS NOT NULL AND ${isThere}`,
        ).all(from, captions)
      const most = probesForEach * limit
      const found = new Map<number, Candidate>()
      if ((last ?? 0) <= most) {
        const inTurn = among(1, most).map((candidate) => ({ candidate, turn: random() }))
        inTurn.sort((a, b) => a.turn - b.turn)
        for (const { candidate } of inTurn.slice(0, limit)) found.set(candidate.photoId, candidate)
      } else {
        for (let probes = 0; probes < most && found.size < limit; probes++) {
          const [candidate] = among(1 + Math.floor(random() * last!), 1)
          if (candidate) found.set(candidate.photoId, candidate)
        }
      }
      return [...found.values()].sort((a, b) => a.photoId - b.photoId)
    },

    people: (names) =>
      new Set(
        prepare<{ name: string }>(
          `WITH people AS (
             SELECT DISTINCT name FROM metadata_people
             UNION SELECT DISTINCT name FROM marks WHERE kind = 'person' AND is_current AND value = 1)
           SELECT value AS name FROM json_each(?)
           WHERE EXISTS (SELECT 1 FROM people WHERE instr(' ' || people.name || ' ', ' ' || value || ' ') > 0)`,
        )
          .all(JSON.stringify(names))
          .map(({ name }) => name),
      ),

    photoWith: (contentHash) =>
      prepare<{ id: number }>(
        'SELECT id FROM photos WHERE content_hash = ? ORDER BY missing_since_ms IS NOT NULL, id LIMIT 1',
      ).get(Buffer.from(contentHash, 'hex')),
  }
}
