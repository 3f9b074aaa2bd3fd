import { findMarks, patternsOf } from '../../src-main/contract/matched-words.ts'
import { parseQuery } from '../../src-main/contract/query.ts'
import { tokenize } from '../../src-main/contract/words.ts'

/** Tells of a caption which of its words a query is about, as the library would: UTF-16 offsets in ascending order. */
export function marksOfQuery(query: string): (caption: string) => [start: number, end: number][] {
  const patterns = patternsOf(parseQuery(query))
  if (patterns.length === 0) return () => []
  return (caption) => findMarks(tokenize(caption), patterns)
}
