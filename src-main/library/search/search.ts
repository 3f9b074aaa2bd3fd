import type { Database } from '../store/database.ts'
import { createSearchIndexer, type SearchIndexer } from './search-index.ts'
import { createSearcher, type Searcher } from './searcher.ts'

export interface Search {
  readonly searcher: Searcher
  readonly searchIndex: SearchIndexer
}

/**
 * Search over the tables of a library. From now on every commit through this database brings the index along; what
 * was committed without one waits for the next.
 */
export function createSearch(database: Database): Search {
  return { searcher: createSearcher(database), searchIndex: createSearchIndexer(database) }
}
