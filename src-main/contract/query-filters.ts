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
