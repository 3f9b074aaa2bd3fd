import { batchText } from './english-batch.ts'
import { copiesText } from './english-copies.ts'
import { firstText } from './english-first.ts'
import { gridText } from './english-grid.ts'
import { photoText } from './english-photo.ts'
import { searchText } from './english-search.ts'
import { settingsText } from './english-settings.ts'
import { shellText } from './english-shell.ts'
import { teachText } from './english-teach.ts'
import { workText } from './english-work.ts'

export const english = {
  /** BCP 47: whose rules for numbers, dates, lists and order go with the sentences. */
  language: 'en',
  ...shellText,
  first: firstText,
  grid: gridText,
  copies: copiesText,
  search: searchText,
  photo: photoText,
  batch: batchText,
  teach: teachText,
  work: workText,
  settings: settingsText,
}
