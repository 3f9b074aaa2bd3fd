import type { Database } from '../store/database.ts'
import { createLikesOfQueries, type LikesOfQueries } from './resolved-likes.ts'
import { createSearchIndexer, type SearchIndexer } from './search-index.ts'
import { createSearcher, type Searcher } from './searcher.ts'

export interface Search {
  readonly searcher: Searcher
  readonly searchIndex: SearchIndexer
  /** To be filled before the searcher is asked for a query that says what photos are to look like. */
  readonly likes: LikesOfQueries
}

/**
 * Search over the tables of a library. From now on every commit through this database brings the index along; what
 * was committed without one waits for the next.
 */
export function createSearch(database: Database): Search {
  const likes = createLikesOfQueries()
  return { searcher: createSearcher(database, likes), searchIndex: createSearchIndexer(database), likes }
}
