import type { CutField } from '../../contract/records.ts'
import type { CaptionStore, ImportedCaption } from '../store/captions.ts'
import type { Database } from '../store/database.ts'
import { createMarkStore } from '../store/marks.ts'
import { createRecordedCaptions } from '../store/recorded-captions.ts'
import { keepWords } from './kept-words.ts'
import { withOwnWords } from './own-words.ts'
import {
  emptyMetadata,
  type FoundCaption,
  joinMetadata,
  type MetadataKind,
  type Person,
  type PhotoMetadata,
  type Place,
} from './photo-metadata.ts'
import { joinSources, type MetadataSource, type RefusedSidecar } from './sidecars.ts'

/** Titles, keywords, people, places, creators and copyright reach the search through the view `search_extra`. */
export interface MetadataStore {
  /**
   * Takes in what one source says about a photo, in place of what it said before; other sources stay.
   * Captions become imported captions, except those that a library exported: these are what they were there.
   */
  apply(photoId: number, source: MetadataSource, nowMs: number): void
  /**
   * The same for all sources that a scan reads (embedded, sidecars, Takeout) at once: what is not in the list
   * any more is forgotten, but what a file said that cannot be read at present.
   * @returns the refused files that were not refused for the same reason before.
   */
  applyAll(
    photoId: number,
    sources: readonly MetadataSource[],
    refused: readonly RefusedSidecar[],
    nowMs: number,
  ): RefusedSidecar[]
  /** All files that say something of a photo, in order of precedence. */
  sources(photoId: number): MetadataSource[]
  /**
   * What a person and all sources together say. Sizes, times and places are columns of the photo, not repeated here.
   */
  joined(photoId: number): PhotoMetadata
  /** How many files beside photos cannot be read at present, and why the first of them cannot. */
  refused(limit: number): { count: number; first: { photoId: number; name: string; message: string }[] }
  /** How many files say more about their photo than is kept, and of what there is more in the first of them. */
  cut(limit: number): { count: number; first: { photoId: number; name: string; fields: CutField[] }[] }
}

interface SourceRow {
  id: number
  kind: MetadataKind
  name: string
  is_of_companion: number
  title: string | null
  rating: number | null
  is_favorite: number
  creators: string | null
  copyright: string | null
  refused: string | null
  cut: string | null
}

interface CaptionRow {
  text: string
  language: string | null
  field: string
  is_cut: number
}

interface PersonRow {
  name: string
  left_part: number | null
  top_part: number
  width: number
  height: number
}

export function createMetadataStore(
  database: Database,
  captions: Pick<CaptionStore, 'setImported' | 'wasEmbedded'>,
): MetadataStore {
  const { prepare, write } = database
  const recorded = createRecordedCaptions(database)
  const marks = createMarkStore(database)

  function sourceRows(photoId: number): SourceRow[] {
    return prepare<SourceRow>(
      `SELECT id, kind, name, is_of_companion, title, rating, is_favorite, creators, copyright, refused, cut
       FROM metadata_sources WHERE photo_id = ?
       ORDER BY CASE kind WHEN 'sidecar' THEN 1 WHEN 'takeout' THEN 2 ELSE 3 END,
         is_of_companion, length(name) DESC, name`,
    ).all(photoId)
  }

  function sources(photoId: number): MetadataSource[] {
    return sourceRows(photoId).map((row) => ({
      kind: row.kind,
      name: row.name,
      ...(row.is_of_companion === 1 && { isOfCompanion: true as const }),
      ...(row.refused !== null && { refused: row.refused }),
      ...(row.cut !== null && { cut: JSON.parse(row.cut) as CutField[] }),
      metadata: {
        ...emptyMetadata(),
        title: row.title,
        rating: row.rating,
        isFavorite: row.is_favorite === 1,
        creators: row.creators === null ? [] : (JSON.parse(row.creators) as string[]),
        copyright: row.copyright,
        boilerplate: prepare<{ text: string }>('SELECT text FROM metadata_boilerplate WHERE source_id = ?')
          .all(row.id)
          .map(({ text }) => text),
        captions: prepare<CaptionRow>(
          'SELECT text, language, field, is_cut FROM metadata_captions WHERE source_id = ? ORDER BY position',
        )
          .all(row.id)
          .map(toCaption),
        keywords: prepare<{ keyword: string }>('SELECT keyword FROM metadata_keywords WHERE source_id = ?')
          .all(row.id)
          .map(({ keyword }) => keyword),
        people: prepare<PersonRow>(
          'SELECT name, left_part, top_part, width, height FROM metadata_people WHERE source_id = ?',
        )
          .all(row.id)
          .map(toPerson),
        places: prepare<Place>('SELECT kind, name FROM metadata_places WHERE source_id = ?').all(row.id),
      },
    }))
  }

  function forget(photoId: number, kind: MetadataKind, name: string): void {
    prepare('DELETE FROM metadata_sources WHERE photo_id = ? AND kind = ? AND name = ?').run(
      photoId,
      kind,
      name,
    )
  }

  /** As that of a raw file from when it was a photo: what was said of it is said of the photo that it is a part of. */
  function isOfNoPhoto(contentHash: string | null): boolean {
    const content = contentHash && Buffer.from(contentHash, 'hex')
    return prepare('SELECT 1 FROM photos WHERE content_hash = ? LIMIT 1').get(content) === undefined
  }

  function keep(
    photoId: number,
    { kind, name, isOfCompanion, metadata: said }: MetadataSource,
    before: readonly MetadataSource[],
    nowMs: number,
  ): void {
    forget(photoId, kind, name)
    const aboutOf = (hash: string | null) => (isOfCompanion && isOfNoPhoto(hash) ? null : hash)
    if (said.marks) marks.takeRecorded(photoId, said.marks.said, aboutOf(said.marks.contentHash), nowMs)
    const metadata = keepWords(said)
    const same = before.find((source) => source.kind === kind && source.name === name)
    const textsBefore = new Set(same?.metadata.captions.map(({ text }) => text))
    const foreign = metadata.captions.filter(
      (caption) => !isOurOwn(photoId, kind, caption, textsBefore, aboutOf, nowMs),
    )
    if (!saysAnything(metadata, foreign)) return
    const id = prepare(
      `INSERT INTO metadata_sources
         (photo_id, kind, name, is_of_companion, read_ms, title, rating, is_favorite, creators, copyright, cut)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ).run(
      photoId,
      kind,
      name,
      isOfCompanion ? 1 : 0,
      nowMs,
      metadata.title,
      metadata.rating,
      metadata.isFavorite ? 1 : 0,
      metadata.creators.length > 0 ? JSON.stringify(metadata.creators) : null,
      metadata.copyright,
      metadata.cut.length > 0 ? JSON.stringify(metadata.cut) : null,
    ).lastInsertRowid
    foreign.forEach((caption, position) => {
      prepare('INSERT INTO metadata_captions VALUES (?, ?, ?, ?, ?, ?)').run(
        id,
        position,
        caption.text,
        caption.language,
        caption.field,
        caption.isCut ? 1 : 0,
      )
    })
    for (const text of metadata.boilerplate) {
      prepare('INSERT OR IGNORE INTO metadata_boilerplate VALUES (?, ?)').run(id, text)
    }
    for (const keyword of metadata.keywords) {
      prepare('INSERT OR IGNORE INTO metadata_keywords VALUES (?, ?)').run(id, keyword)
    }
    for (const { name: person, region } of metadata.people) {
      prepare('INSERT OR IGNORE INTO metadata_people VALUES (?, ?, ?, ?, ?, ?)').run(
        id,
        person,
        region?.left ?? null,
        region?.top ?? null,
        region?.width ?? null,
        region?.height ?? null,
      )
    }
    for (const place of metadata.places) {
      prepare('INSERT OR IGNORE INTO metadata_places VALUES (?, ?, ?)').run(id, place.kind, place.name)
    }
  }

  /**
   * A caption that this library exported comes back with the sidecar, or with the photo that it was written
   * into: it is known already, with its true source, and as an imported one it would outrank the model's next.
   * What another library exported is taken in as what it was there.
   * @param before the imported words that the source gave when it was read last.
   * @param aboutOf the content that a person's words are about, by the one that they name.
   */
  function isOurOwn(
    photoId: number,
    kind: MetadataKind,
    caption: FoundCaption,
    before: ReadonlySet<string>,
    aboutOf: (contentHash: string | null) => string | null,
    nowMs: number,
  ): boolean {
    const { text, language, provenance } = caption
    if (kind === 'embedded' && captions.wasEmbedded(photoId, text)) return true
    if (!provenance) return false
    // What was imported from here is known for that reason alone, and stays.
    if (provenance.source === 'imported' && before.has(text)) return false
    const { source } = provenance
    const contentHash = source === 'person' ? aboutOf(provenance.contentHash) : provenance.contentHash
    return recorded.take(photoId, { text, language, ...provenance, contentHash }, nowMs)
  }

  /** @returns whether it is news. */
  function refuse(photoId: number, { kind, name, error }: RefusedSidecar, nowMs: number): boolean {
    const { changes } = prepare(
      `INSERT INTO metadata_sources (photo_id, kind, name, read_ms, is_favorite, refused) VALUES (?, ?, ?, ?, 0, ?)
       ON CONFLICT DO UPDATE SET refused = excluded.refused WHERE refused IS NOT excluded.refused`,
    ).run(photoId, kind, name, nowMs, error.message)
    return changes > 0
  }

  function settleCaptions(photoId: number, nowMs: number): void {
    const found = joinMetadata(sources(photoId).map((source) => source.metadata)).captions
    const imported: ImportedCaption[] = found.map(({ text, language, field, isCut }) => ({
      text,
      language,
      origin: field,
      ...(isCut && { isCut }),
    }))
    captions.setImported(photoId, imported, nowMs)
  }

  return {
    apply: (photoId, source, nowMs) =>
      write(() => {
        keep(photoId, source, sources(photoId), nowMs)
        settleCaptions(photoId, nowMs)
      }),

    applyAll: (photoId, found, refused, nowMs) =>
      write(() => {
        const isRefused = (source: MetadataSource) =>
          refused.some(({ kind, name }) => kind === source.kind && name === source.name)
        const before = sources(photoId)
        for (const source of before) {
          if (!isRefused(source)) forget(photoId, source.kind, source.name)
        }
        for (const source of found) keep(photoId, source, before, nowMs)
        const news = refused.filter((each) => refuse(photoId, each, nowMs))
        settleCaptions(photoId, nowMs)
        return news
      }),

    sources,
    joined: (photoId) => withOwnWords(joinSources(sources(photoId)), marks.current(photoId)),

    refused: (limit) => ({
      count: prepare<{ count: number }>(
        'SELECT count(*) AS count FROM metadata_sources WHERE refused IS NOT NULL',
      ).get()!.count,
      first: prepare<{ photoId: number; name: string; message: string }>(
        `SELECT photo_id AS photoId, name, refused AS message FROM metadata_sources
         WHERE refused IS NOT NULL ORDER BY photo_id LIMIT ?`,
      ).all(limit),
    }),

    cut: (limit) => ({
      count: prepare<{ count: number }>(
        'SELECT count(*) AS count FROM metadata_sources WHERE cut IS NOT NULL',
      ).get()!.count,
      first: prepare<{ photoId: number; name: string; cut: string }>(
        `SELECT photo_id AS photoId, name, cut FROM metadata_sources
         WHERE cut IS NOT NULL ORDER BY photo_id LIMIT ?`,
      )
        .all(limit)
        .map(({ photoId, name, cut }) => ({ photoId, name, fields: JSON.parse(cut) as CutField[] })),
    }),
  }
}

function saysAnything(metadata: PhotoMetadata, captions: readonly FoundCaption[]): boolean {
  const { boilerplate, keywords, people, places, creators } = metadata
  const lists = [captions, boilerplate, keywords, people, places, creators]
  return (
    metadata.title !== null ||
    metadata.copyright !== null ||
    metadata.rating !== null ||
    metadata.isFavorite ||
    lists.some((list) => list.length > 0)
  )
}

function toCaption({ is_cut, ...caption }: CaptionRow): FoundCaption {
  return is_cut ? { ...caption, isCut: true } : caption
}

function toPerson(row: PersonRow): Person {
  const { name, left_part: left, top_part: top, width, height } = row
  return { name, region: left === null ? null : { left, top, width, height } }
}
