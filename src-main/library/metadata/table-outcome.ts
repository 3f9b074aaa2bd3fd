import type { Caption, CaptionSource } from '../../contract/records.ts'
import type { PlannedChange, TableMarks, TableWords } from '../../contract/rooms/exchange.ts'
import type { CaptionStore } from '../store/captions.ts'
import type { Database } from '../store/database.ts'
import type { MarkStore } from '../store/marks.ts'
import { cellsOf } from './table-cells.ts'
import { plainCell } from './table-format.ts'
import type { TableRow } from './table-rows.ts'

export interface ComparedWith {
  database: Database
  captions: Pick<CaptionStore, 'current' | 'isKnown'>
  marks: Pick<MarkStore, 'isNews'>
}

/** What a row does to its photo: decided here alone, for the dry run and for the import. */
export interface RowOutcome {
  caption: PlannedChange['caption']
  marks: TableMarks | null
  /** Its words would come below those of the person. */
  isOutranked: boolean
  /** Its caption was emptied. */
  isEmptied: boolean
  /** It says of title, rating or keywords what is not taken in. */
  isWithoutMarks: boolean
}

/**
 * A person who gives a table to the program means it: words that are others than the photo's are the person's own, whatever
 * the row says of their source, for they were edited, or written there. Of rows that are as they were exported (`check`), or say that
 * they are a model's or imported and are just that here, nothing is the person's: those of this library change nothing, and those
 * of another stay what they were there. A model's fill a photo without a caption alone.
 *
 * @param as `imported`: nothing of the table is the person's own.
 */
export function outcomeOf(
  compared: ComparedWith,
  row: TableRow,
  photoId: number,
  as: TableWords,
): RowOutcome {
  const current = compared.captions.current(photoId)
  const caption = captionOf(compared, row, photoId, current, as)
  const marks = marksOf(compared, row, photoId)
  const isOwn = as === 'person'
  return {
    caption: caption === 'outranked' ? null : caption,
    marks: isOwn ? marks : null,
    isOutranked: caption === 'outranked',
    isEmptied: row.caption === '' && row.edited?.caption === true,
    isWithoutMarks: !isOwn && marks !== null,
  }
}

function captionOf(
  { captions }: ComparedWith,
  row: TableRow,
  photoId: number,
  current: Caption | null,
  as: TableWords,
): PlannedChange['caption'] | 'outranked' {
  const { caption: after, isCut } = row
  if (after === '') return null
  const isUntouched = row.edited?.caption === false
  // What is only a beginning is nobody's caption as it stands, edited or not: as a person's it would be written over
  // the whole of it.
  const isOwn = as === 'person' && !isCut && (row.source === 'person' || !isUntouched)
  const source = isOwn ? 'person' : 'imported'
  const isThis = (text: string) => plainCell(text) === after
  if (current && isThis(current.text)) {
    const isTheirs = isOwn && row.source === 'person' && current.source !== 'person'
    return isTheirs ? { before: current.text, after, source } : null
  }
  if (row.edited?.caption !== true && isOthers(row.source)) {
    if (captions.isKnown(photoId, row.source, isThis)) return null
    if (isUntouched && row.source === 'model' && current) return null
  }
  if (source === 'imported' && current?.source === 'person') return 'outranked'
  return { before: current?.text ?? null, after, source }
}

function isOthers(source: string): source is Exclude<CaptionSource, 'person'> {
  return source === 'model' || source === 'imported'
}

/** Null where the row says nothing else than what is so. */
function marksOf({ database, marks }: ComparedWith, row: TableRow, photoId: number): TableMarks | null {
  const { title, rating, keywords, edited } = row
  /** A cell that is empty says something where it was not before; one that is as it was says nothing. */
  const says = (cell: 'title' | 'rating' | 'keywords', isEmpty: boolean) => (edited ? edited[cell] : !isEmpty)
  const isTitled = title !== undefined && says('title', title === '')
  const isRated = rating !== undefined && says('rating', rating === null)
  const isTagged = keywords !== undefined && says('keywords', keywords.length === 0)
  if (!isTitled && !isRated && !isTagged) return null
  const known = cellsOf(database, photoId)
  const wanted: TableMarks = {}
  if (isTitled && title !== plainCell(known.title ?? '')) wanted.title = title
  if (isRated && rating !== known.rating) wanted.rating = rating ?? 0
  if (isTagged) {
    const added = keywords.filter((keyword) => !known.keywords.includes(keyword))
    // Only who saw them all can have taken some away.
    const removed = edited ? known.keywords.filter((keyword) => !keywords.includes(keyword)) : []
    if (added.length > 0) wanted.addKeywords = added
    if (removed.length > 0) wanted.removeKeywords = removed
  }
  return marks.isNews(photoId, wanted) ? wanted : null
}
