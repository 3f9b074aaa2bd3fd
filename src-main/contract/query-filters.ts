/** Filters whose value is words: of a place on the disk or on Earth, a device, a name, or the file's. */
export const namedFilters = ['folder', 'camera', 'lens', 'people', 'keyword', 'place', 'name'] as const
export type NamedFilter = (typeof namedFilters)[number]
/** Of which many photos share a value. */
export type SharedFilter = Exclude<NamedFilter, 'name'>
export const sharedFilters = namedFilters.filter((name): name is SharedFilter => name !== 'name')

/** What may stand before a colon. */
export const filterNames = [
  ...namedFilters,
  'rating',
  'before',
  'after',
  'date',
  'by',
  'is',
  'has',
  'copies',
  'like',
] as const
export type FilterName = (typeof filterNames)[number]

/** What of a query is not searched, and is to be said beside what the rest of it finds. */
export type QueryNote =
  /** There is no filter of this name; perhaps another one is meant. */
  | { kind: 'filter'; text: string; name: string; meant: FilterName | null }
  /** The filter has no such value. */
  | { kind: 'value'; text: string; name: FilterName }
  /** There is nothing in it that the index knows, and nothing else in the query: it finds nothing. */
  | { kind: 'signs'; text: string }
  /** What is beyond the bound is left out. */
  | { kind: 'length'; read: number; leftOut: number }
  /** Photos cannot be compared with it, or with `leftOut` of the photos that it names. */
  | { kind: 'like'; text: string; why: LikeTrouble; leftOut: number }
  /** It stands beside an OR, and holds for the whole search all the same. */
  | { kind: 'or'; text: string }
  /** More may look like it: the nearest are shown. */
  | { kind: 'nearest'; shown: number }

/**
 * `unknown`: there is no photo of this number. `unseen`: the model has not looked at it yet. `forgotten`: a picture from outside that
 * the library remembers no longer, or another model looked at. `wordless`: pictures and texts of this model do not meet.
 */
export type LikeTrouble = 'unknown' | 'unseen' | 'forgotten' | 'wordless'
