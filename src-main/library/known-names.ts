import { foldName, type Token, tokenize } from '../contract/words.ts'
import type { Searcher } from './search/searcher.ts'
import type { Database } from './store/database.ts'

/** A name that the library knows, where a text has it. */
export interface KnownName {
  /** As it is written in the library; what was typed may be a part of it. */
  name: string
  kind: 'person' | 'other'
  /** UTF-16 offsets in the text. */
  start: number
  end: number
}

type Named = Pick<KnownName, 'name' | 'kind'>

/**
 * The names in a text, in their order and apart from each other; a longer name goes before a shorter one. It asks for some rows
 * by their keys, and never throws.
 */
export type FindKnownNames = (text: string) => KnownName[]

export interface KnownNamesOptions {
  database: Database
  searcher: Pick<Searcher, 'findsAtMost'>
  /** What labels call by a name, and what adapters learned; it is asked again after each edit. */
  taughtNames(): readonly { text: string; isPerson: boolean }[]
  /** Another one after each edit, and each adapter that comes or goes. */
  version(): string
}

const mostWords = 5
const possessive = /['’]s(?![\p{L}\p{M}\p{N}])/gu
/** Names that have the same words in them. */
const mostPeople = 20
const peopleSql = `SELECT DISTINCT name, photos FROM search_names
  WHERE (begin = ? OR begin >= ? AND begin < ?) AND kind = 'people' ORDER BY photos DESC LIMIT ${mostPeople}`

/**
 * Names are those of people that photos are tagged with, whoever did it, or words in a row of one, and what labels or adapters call
 * by a name. One word of a person that captions have more often than photos have the person is a word like others: `summer`, in a
 * library with Summer Smith.
 */
export function createFindKnownNames({
  database: { prepare },
  searcher,
  taughtNames,
  version,
}: KnownNamesOptions): FindKnownNames {
  let taught: { version: string; byWords: Map<string, Named> } | undefined

  function taughtByWords(): Map<string, Named> {
    const now = version()
    if (taught?.version !== now) {
      const byWords = new Map(
        taughtNames().map(({ text, isPerson }) => [
          wordsOf(text),
          { name: text, kind: isPerson ? ('person' as const) : ('other' as const) },
        ]),
      )
      taught = { version: now, byWords }
    }
    return taught.byWords
  }

  function personNamed(words: string): string | undefined {
    const people = prepare<{ name: string; photos: number }>(peopleSql).all(words, `${words} `, `${words}!`)
    // Of names that are gone from all photos the list knows still.
    const name = people.find((person) => isOnPhotos(person.name))?.name
    if (name === undefined || words.includes(' ')) return name
    const said = prepare<{ captions: number }>('SELECT captions FROM search_words WHERE word = ?').get(words)
    const tagged = people.reduce((sum, { photos }) => sum + photos, 0)
    return (said?.captions ?? 0) > tagged ? undefined : name
  }

  function named(words: string): Named | undefined {
    const known = taughtByWords().get(words)
    if (known) return known
    const name = personNamed(words)
    return name === undefined ? undefined : { name, kind: 'person' }
  }

  function isOnPhotos(person: string): boolean {
    return searcher.findsAtMost(`people:"${person.replaceAll(/["“”]/g, ' ')}"`, 0) === null
  }

  return (text) => {
    // It would be a letter of the word.
    const tokens = tokenize(text.replaceAll(possessive, '  '))
    const found: KnownName[] = []
    for (let from = 0; from < tokens.length; from++) {
      if (tokens[from]!.start < (found.at(-1)?.end ?? 0)) continue
      const run = inARow(tokens.slice(from)).slice(0, mostWords)
      for (; run.length > 0; run.pop()) {
        const known = named(run.map((token) => token.text).join(' '))
        if (!known) continue
        const end = Math.max(...run.map((token) => token.end))
        const added = text.slice(end).search(possessive) === 0 ? 2 : 0
        found.push({ ...known, start: run[0]!.start, end: end + added })
        break
      }
    }
    return found
  }
}

function wordsOf(name: string): string {
  const words = inARow(tokenize(name)).map((token) => token.text)
  return words.length > 0 ? words.join(' ') : foldName(name)
}

/** From the first on without what stands in one of them once more, as `école` in `l'école`. Of a script without spaces all do. */
function inARow(tokens: readonly Token[]): Token[] {
  const row: Token[] = []
  for (const token of tokens) {
    const last = row.at(-1)
    if (!last || token.start >= last.end || (token.kind === 'gram' && last.kind === 'gram')) row.push(token)
  }
  return row
}
