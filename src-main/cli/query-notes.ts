import { LensloreError } from '../contract/errors.ts'
import { parseQuery } from '../contract/query.ts'
import type { QueryNote } from '../contract/query-filters.ts'
import { filterValues } from '../contract/query-grammar.ts'
import { printable } from './output.ts'

const orList = new Intl.ListFormat('en', { type: 'disjunction' })

/** A sentence for each part of a query that is not searched. */
export function formatNotes(notes: readonly QueryNote[]): string[] {
  return notes.map(formatNote)
}

function formatNote(note: QueryNote): string {
  switch (note.kind) {
    case 'filter': {
      const meant = note.meant === null ? '' : `; did you mean ${note.meant}:?`
      const there = `There is no filter ${printable(note.name)}:${meant}`
      return `${there}${meant === '' ? '.' : ''} Left out: ${printable(note.text)} (in quotes it is words).`
    }
    case 'value': {
      const values = orList.format(filterValues[note.name] ?? [])
      return `Left out, for it is not understood: ${printable(note.text)} (${note.name}: takes ${values}).`
    }
    case 'signs':
      return `There is nothing to search for in ${printable(note.text)}`
    case 'length':
      return `A search has at most ${note.read} words; the last ${note.leftOut} are left out.`
  }
}

/**
 * A change is made to what was meant, or to nothing.
 * @throws LensloreError `INVALID_ARGUMENT` where a part of the query is not searched
 */
export function refuseNotes(query: string): void {
  const { notes } = parseQuery(query)
  if (notes.length > 0) throw new LensloreError('INVALID_ARGUMENT', formatNotes(notes).join(' '))
}
