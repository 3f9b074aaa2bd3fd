import type { Mark } from '../contract/records.ts'

/** For the terminal: what a person said of a photo, in a word or two. */
export function formatMark({ kind, name, value }: Mark): string {
  switch (kind) {
    case 'rating':
      return `rating ${value}`
    case 'favorite':
      return value === 1 ? 'favourite' : 'no favourite'
    case 'title':
      if (value === null) return 'title as in files'
      return value === '' ? 'no title' : `title “${value}”`
    default:
      return `${value === 1 ? '' : 'not '}${kind} ${name}`
  }
}
