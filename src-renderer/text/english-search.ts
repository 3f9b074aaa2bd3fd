import { plural } from './plural.ts'

const photos = (count: number) => plural(count, 'photo', 'photos')
const quoted = (words: readonly string[]) =>
  new Intl.ListFormat('en', { type: 'conjunction' }).format(words.map((word) => `“${word}”`))

export const searchText = {
  title: 'Search',
  box: 'Search',
  placeholder: 'Search captions, names, places, files',
  clear: 'Clear the search',
  suggestions: 'Suggestions',
  takes: 'takes it',
  recent: 'Recent searches',
  saved: 'Saved searches',
  suggestionKinds: {
    word: 'word',
    person: 'person',
    keyword: 'keyword',
    folder: 'folder',
    camera: 'camera',
    lens: 'lens',
    correction: 'meant, perhaps',
  },
  suggestionCount: (kind: string, count: number) => `${kind}, ${photos(count)}`,
  filtersInUse: 'Filters in use',
  addFilter: 'Add a filter',
  filters: 'Filters',
  closeFilters: 'Close the filters',
  removeFilter: (filter: string) => `Take the filter away: ${filter}`,
  save: 'Save this search',
  saveName: 'Name',
  saveTitle: 'Save this search',
  saveNote: 'It stands in the sidebar and always finds what matches then.',
  saveIt: 'Save',
  savedAs: (name: string) => `Saved: ${name}.`,
  layout: 'Layout',
  byDate: 'By date',
  byRelevance: 'List, best first',
  count: (count: number, isExact: boolean) => (isExact ? photos(count) : `More than ${photos(count)}`),
  /** After the number of photos, of a query that has words and nothing else. */
  say: (words: readonly string[]) => `say ${quoted(words)}.`,
  match: 'match.',
  elapsed: (ms: number) => (ms < 1000 ? `${Math.max(1, Math.round(ms))} ms` : `${(ms / 1000).toFixed(1)} s`),
  searching: 'Searching.',
  corrected: (typed: string) => `Nothing says “${typed}”. Shown is`,
  foundIn: 'Not in the caption',
  noCaption: 'No caption yet',
  hits: 'Photos, best first',
  chips: {
    dates: 'Dates',
    folder: 'Folder',
    camera: 'Camera',
    lens: 'Lens',
    people: 'People',
    keyword: 'Keyword',
    caption: 'Caption',
    rating: 'Rating',
    favorite: 'Favourite',
    state: 'State',
    other: 'Filter',
  },
  not: (value: string) => `not ${value}`,
  or: (values: readonly string[]) => new Intl.ListFormat('en', { type: 'disjunction' }).format([...values]),
  kinds: {
    person: 'Your words',
    imported: 'From files',
    model: 'By the model',
    unsure: 'Unsure',
    none: 'No caption yet',
    any: 'Any caption',
  },
  states: {
    failed: 'Failed',
    missing: 'Missing',
    offline: 'Not connected',
    favorite: 'Favourites',
    unsure: 'Unsure',
  },
  ratings: {
    rejected: 'Rejected',
    unrated: 'Not rated',
    stars: (count: number) => plural(count, 'star', 'stars'),
    atLeast: (count: number) => (count === 5 ? '5 stars' : `${count} stars or more`),
    range: (least: number, most: number) => `${least} to ${most} stars`,
  },
  dates: {
    between: (from: string, to: string) => `${from} to ${to}`,
    after: (from: string) => `since ${from}`,
    before: (to: string) => `until ${to}`,
    none: 'none',
    from: 'From',
    to: 'To',
    of: (kept: string, all: string) => `${kept} of ${all}`,
    histogram: (bars: string, chosen: string) => `Photos by ${bars}. ${chosen}`,
    all: 'All dates are chosen.',
    chosen: (range: string) => `${range} is chosen.`,
    bar: (span: string, count: number) => `${span}: ${photos(count)}`,
  },
  moreOf: (count: number) => `${count} more`,
  fewer: 'Fewer',
  empty: {
    say: (words: readonly string[]) => `No photo says ${quoted(words)}.`,
    match: 'No photo matches.',
    withFilters: (words: readonly string[], filters: string) =>
      `No photo says ${quoted(words)} with ${filters}.`,
    before: (words: readonly string[], until: string, later: number) =>
      `No photo says ${quoted(words)} before ${until}; ${later === 1 ? '1 does' : `${later} do`} later.`,
    after: (words: readonly string[], since: string, earlier: number) =>
      `No photo says ${quoted(words)} since ${since}; ${earlier === 1 ? '1 does' : `${earlier} do`} earlier.`,
    library: 'There are no photos yet.',
    read: (captioned: number) =>
      captioned === 1
        ? 'The one caption was read.'
        : `All ${plural(captioned, 'caption', 'captions')} were read.`,
    waiting: (waiting: number) =>
      waiting === 1
        ? 'One photo has no caption yet and may still match.'
        : `${photos(waiting)} have no caption yet and may still match.`,
    choices: 'What would find photos',
    without: (filter: string) => `Without ${filter}`,
    withoutAll: 'Without any filter',
    count: (count: number) => photos(count),
  },
  commands: {
    search: 'Search',
    filters: 'Filters',
    save: 'Save the search',
    layout: 'By date, or a list with the best first',
  },
}
