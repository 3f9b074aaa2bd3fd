import { LensloreError } from '../contract/errors.ts'
import type { QueryNote } from '../contract/query-filters.ts'
import { filterValues } from '../contract/query-grammar.ts'
import type { LibraryClient } from './open-library.ts'
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
    case 'like':
      return formatLikeTrouble(note)
    case 'or':
      return `It holds for the whole search, for it is no alternative: ${printable(note.text)}`
    case 'nearest':
      return `More may look like it: these are the nearest ${note.shown}.`
  }
}

function formatLikeTrouble({ text, why, leftOut }: QueryNote & { kind: 'like' }): string {
  const term = printable(text)
  switch (why) {
    case 'unknown':
      return `There is no such photo in the library. Left out: ${term}`
    case 'unseen':
      return leftOut > 1
        ? `${leftOut} of these pictures were not looked at yet, or are gone, and are left out: ${term}`
        : `The model has not looked at this photo yet. Left out: ${term}`
    case 'forgotten':
      return `The library remembers this picture no longer: give it again. Left out: ${term}`
    case 'wordless':
      return `This model cannot compare photos; choose one that has a text encoder, such as the one that comes along. Left out: ${term}`
  }
}

/** What of a query is not searched, in the library as it is. */
export async function notesOf(library: LibraryClient, query: string): Promise<QueryNote[]> {
  return (await library.search({ query, limit: 1, countAll: false })).notes
}

/**
 * A change is made to what was meant, or to nothing.
 * @throws LensloreError `INVALID_ARGUMENT` where a part of the query is not searched
 */
export async function refuseNotes(library: LibraryClient, query: string): Promise<void> {
  const notes = (await notesOf(library, query)).filter(({ kind }) => kind !== 'nearest')
  if (notes.length > 0) throw new LensloreError('INVALID_ARGUMENT', formatNotes(notes).join(' '))
}
