import { batchText } from './english-batch.ts'
import { gridText } from './english-grid.ts'
import { photoText } from './english-photo.ts'
import { searchText } from './english-search.ts'
import { settingsText } from './english-settings.ts'
import { shellText } from './english-shell.ts'
import { workText } from './english-work.ts'

export const english = {
  ...shellText,
  grid: gridText,
  search: searchText,
  photo: photoText,
  batch: batchText,
  work: workText,
  settings: settingsText,
}
