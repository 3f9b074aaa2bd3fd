import type { CaptionDoubt, CaptionSource } from '../../contract/records.ts'
import { doubtValues, modelKey, settleCurrentCaption } from './captions.ts'
import type { Database } from './database.ts'

/** A caption beside a photo as this program wrote it there, from this library or another, with its record. */
export interface RecordedCaption {
  text: string
  /** BCP 47, where known. */
  language: string | null
  source: CaptionSource
  modelId: string | null
  adapterId: string | null
  /** SHA-256 of the picture that it is about, lower-case hex; null where that is not said. */
  contentHash: string | null
  /** When it became a caption, ISO 8601; null where that is not said. */
  writtenAt: string | null
  /** What the model doubts, where that is said. */
  doubt?: CaptionDoubt
}

/** Captions that come back from what was written out, as what they were. */
export interface RecordedCaptions {
  /**
   * Takes in a caption that stands beside a photo, for the photo that it is about. That is known already unless the
   * library was made anew, or shares its sidecars with another. A model's words are about the picture that it saw,
   * and about no other; a person's are kept where nobody has that picture, for it may be this one before an edit.
   * @returns false where it is to be taken for another program's words: it is imported, or not this library's newest.
   */
  take(photoId: number, caption: RecordedCaption, nowMs: number): boolean
  /** A photo's content is known: it gets the person's words about it that another photo has for want of this one. */
  claim(photoId: number, contentHash: string, nowMs: number): void
}

export function createRecordedCaptions(database: Database): RecordedCaptions {
  const { prepare, write } = database

  function isKnown(photoId: number, { text, source }: Pick<RecordedCaption, 'text' | 'source'>): boolean {
    const known = prepare('SELECT 1 FROM captions WHERE photo_id = ? AND text = ? AND source = ? LIMIT 1')
    return known.get(photoId, text, source) !== undefined
  }

  /** Also of words that were taken back. */
  function lastByPersonMs(photoId: number): number | null {
    return prepare<{ ms: number | null }>(
      `SELECT max(created_ms) AS ms FROM captions WHERE photo_id = ? AND source = 'person'`,
    ).get(photoId)!.ms
  }

  function insert(
    photoId: number,
    caption: RecordedCaption,
    contentHash: Buffer | null,
    nowMs: number,
  ): number {
    const writtenMs = Date.parse(caption.writtenAt ?? '')
    const { lastInsertRowid } = prepare(
      `INSERT INTO captions (photo_id, text, source, model_id, adapter_id, language,
         confidence, is_unsure, doubtful_words, content_hash, created_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ).run(
      photoId,
      caption.text,
      caption.source,
      caption.modelId,
      caption.adapterId,
      caption.language,
      ...doubtValues(caption.doubt),
      contentHash,
      writtenMs >= 0 && writtenMs < nowMs ? Math.trunc(writtenMs) : nowMs,
    )
    settleCurrentCaption(database, photoId)
    return Number(lastInsertRowid)
  }

  /** Unless the photo has words of a model for its content already: what is lost of another's can be made again. */
  function addFromModel(
    photoId: number,
    caption: RecordedCaption & { modelId: string },
    nowMs: number,
  ): void {
    const photo = prepare<{ content_hash: Buffer }>(
      'SELECT content_hash FROM photos WHERE id = ? AND content_hash IS NOT NULL AND captioned_by IS NULL',
    ).get(photoId)
    if (!photo) return
    prepare('UPDATE photos SET captioned_by = ?, priority = 0 WHERE id = ?').run(
      modelKey(caption.modelId, caption.adapterId),
      photoId,
    )
    insert(photoId, caption, photo.content_hash, nowMs)
  }

  /** @returns whether they are newer than any words of a person there. */
  function addFromPerson(photoId: number, caption: RecordedCaption, nowMs: number): boolean {
    const lastMs = lastByPersonMs(photoId)
    const isNewest = lastMs === null || Date.parse(caption.writtenAt ?? '') > lastMs
    if (!isNewest) return false
    const { content_hash: content } = prepare<{ content_hash: Buffer | null }>(
      'SELECT content_hash FROM photos WHERE id = ?',
    ).get(photoId)!
    insert(photoId, caption, content, nowMs)
    return true
  }

  /** Photos with this content, those that are there first. */
  function photosWith(content: Buffer): number[] {
    return prepare<{ id: number }>(
      'SELECT id FROM photos WHERE content_hash = ? ORDER BY missing_since_ms IS NOT NULL, id',
    )
      .all(content)
      .map(({ id }) => id)
  }

  /** Whether a person said so of another photo that is there, when its picture was this one. */
  function isOfEdited(photoId: number, text: string, content: Buffer): boolean {
    const known = prepare(
      `SELECT 1 FROM captions JOIN photos ON photos.id = photo_id
       WHERE captions.content_hash = ? AND source = 'person' AND text = ? AND photo_id <> ?
         AND missing_since_ms IS NULL LIMIT 1`,
    )
    return known.get(content, text, photoId) !== undefined
  }

  /** A person's words beside a photo that has not the content that they are about. */
  function takeMisplaced(photoId: number, caption: RecordedCaption, content: Buffer, nowMs: number): boolean {
    const owners = photosWith(content)
    if (owners.some((id) => isKnown(id, caption))) return true
    if (owners.length > 0) {
      const heir = owners.find((id) => lastByPersonMs(id) === null)
      if (heir !== undefined) insert(heir, caption, content, nowMs)
      return true
    }
    if (lastByPersonMs(photoId) !== null) return false
    if (isOfEdited(photoId, caption.text, content)) return true
    const id = insert(photoId, caption, content, nowMs)
    prepare('INSERT INTO unconfirmed_words VALUES (?, ?)').run(id, content)
    return true
  }

  return {
    take: (photoId, caption, nowMs) =>
      write(() => {
        if (isKnown(photoId, caption)) return true
        const content = caption.contentHash === null ? null : Buffer.from(caption.contentHash, 'hex')
        const isAboutThis =
          prepare('SELECT 1 FROM photos WHERE id = ? AND ifnull(content_hash = ?, 1)').get(
            photoId,
            content,
          ) !== undefined
        if (caption.source === 'imported') {
          return !isAboutThis && photosWith(content!).some((id) => isKnown(id, caption))
        }
        if (caption.source === 'person') {
          return isAboutThis
            ? addFromPerson(photoId, caption, nowMs)
            : takeMisplaced(photoId, caption, content!, nowMs)
        }
        if (!isAboutThis) return true
        const { modelId } = caption
        if (content === null || modelId === null) return false
        addFromModel(photoId, { ...caption, modelId }, nowMs)
        return true
      }),

    claim: (photoId, contentHash, nowMs) =>
      write(() => {
        const waiting = prepare<{ id: number; photoId: number }>(
          `DELETE FROM unconfirmed_words WHERE content_hash = ?
           RETURNING caption_id AS id, (SELECT photo_id FROM captions WHERE id = caption_id) AS photoId`,
        ).all(Buffer.from(contentHash, 'hex'))
        for (const { id, photoId: holder } of waiting) {
          if (holder === photoId) continue
          // A person's words that the photo has stay current.
          if (lastByPersonMs(photoId) === null) {
            prepare('UPDATE captions SET photo_id = ? WHERE id = ?').run(photoId, id)
          } else prepare('UPDATE captions SET withdrawn_ms = ? WHERE id = ?').run(nowMs, id)
          settleCurrentCaption(database, photoId)
          settleCurrentCaption(database, holder)
        }
      }),
  }
}
