import { fold, tokenize } from '../../contract/words.ts'
import type { Database } from '../store/database.ts'
import type { Field, NamedKind } from './match.ts'

/** A name from the beginning of each of its words on, folded: what may be typed of it. */
export function beginningsOf(name: string): string[] {
  const words = tokenize(name).map((token) => token.text)
  const beginnings = words.map((_, at) => words.slice(at).join(' '))
  // Typing goes on with what a name begins with, also where that is a sign.
  return beginnings.length > 0 ? [...new Set(beginnings)] : [fold(name)]
}

/** Each name once, though the list has it from each of its words on; its rows are as frequent, and so side by side in the index. */
const frequentSql = `SELECT DISTINCT photos, name FROM search_names INDEXED BY search_names_by_kind
  WHERE kind = ? ORDER BY photos DESC, name LIMIT ?`

/** The names of a kind that most photos have, or had once. */
export function frequentNames({ prepare }: Database, kind: NamedKind | Field, limit: number): string[] {
  return prepare<{ name: string }>(frequentSql)
    .all(kind, limit)
    .map(({ name }) => name)
}
