import { maxCaptionLength } from '../../contract/caption-length.ts'
import type { CutField } from '../../contract/records.ts'
import type { FoundCaption, PhotoMetadata } from './photo-metadata.ts'

/** How much of what files say is kept: here alone, so that whatever is cut is marked. */

const maxNameLength = 500
/** More is no description of one photo, and every row costs on each scan. */
const maxRowsPerList = 1000

export interface KeptWords extends PhotoMetadata {
  /** Of which fields there was more. */
  cut: CutField[]
}

/** What the library keeps of what a source says. The rest is in the file only, and nothing is written back there. */
export function keepWords(said: PhotoMetadata): KeptWords {
  const cut = new Set<CutField>()

  function name(field: CutField, text: string): string {
    if (text.length > maxNameLength) cut.add(field)
    return beginning(text, maxNameLength)
  }

  function list<T>(field: CutField, values: readonly T[], keep: (value: T) => T): T[] {
    if (values.length > maxRowsPerList) cut.add(field)
    return values.slice(0, maxRowsPerList).map(keep)
  }

  function caption(found: FoundCaption): FoundCaption {
    if (found.text.length <= maxCaptionLength) return found
    cut.add('captions')
    return { ...found, text: beginning(found.text, maxCaptionLength), isCut: true }
  }

  return {
    ...said,
    title: said.title === null ? null : name('title', said.title),
    captions: list('captions', said.captions, caption),
    boilerplate: list('captions', said.boilerplate, (text) => beginning(text, maxCaptionLength)),
    keywords: list('keywords', [...new Set(said.keywords)], (keyword) => name('keywords', keyword)),
    people: list('people', said.people, (person) => ({ ...person, name: name('people', person.name) })),
    creators: list('creators', said.creators, (creator) => name('creators', creator)),
    copyright: said.copyright === null ? null : name('copyright', said.copyright),
    places: list('places', said.places, (place) => ({ ...place, name: name('places', place.name) })),
    cut: [...cut],
  }
}

/** No half of a character at its end. */
function beginning(text: string, length: number): string {
  return text.length <= length ? text : text.slice(0, length).replace(/[\ud800-\udbff]$/, '')
}
