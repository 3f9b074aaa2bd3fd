import type { SavedSearch } from '../../contract/records.ts'
import type { Database } from './database.ts'

/** Queries that a person gave a name. */
export interface SavedSearches {
  /** By name. */
  list(): SavedSearch[]
  /** Under a name that there is, the query takes the place of the one before. */
  save(name: string, query: string): SavedSearch
  /** One that is gone already stays gone. */
  remove(id: number): void
}

export function createSavedSearches({ prepare, write }: Database): SavedSearches {
  return {
    list: () =>
      prepare<SavedSearch>(
        'SELECT id, name, query FROM saved_searches ORDER BY name COLLATE NOCASE, id',
      ).all(),
    save: (name, query) =>
      write(
        () =>
          prepare<SavedSearch>(
            `INSERT INTO saved_searches (name, query) VALUES (?, ?)
             ON CONFLICT DO UPDATE SET query = excluded.query RETURNING id, name, query`,
          ).get(name, query)!,
      ),
    remove: (id) => void write(() => prepare('DELETE FROM saved_searches WHERE id = ?').run(id)),
  }
}
