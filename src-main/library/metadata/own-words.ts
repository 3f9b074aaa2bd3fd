import type { OwnWords } from '../store/marks.ts'
import type { PhotoMetadata } from './photo-metadata.ts'

/** What a person says goes before what files say; what they removed is not there. */
export function withOwnWords(said: PhotoMetadata, own: OwnWords): PhotoMetadata {
  return {
    ...said,
    title: (own.title ?? said.title) || null,
    rating: own.rating ?? said.rating,
    isFavorite: own.isFavorite ?? said.isFavorite,
    keywords: [...new Set([...said.keywords, ...own.keywords.keys()])].filter(
      (keyword) => own.keywords.get(keyword) !== false,
    ),
    people: [
      ...said.people,
      ...[...own.people.keys()]
        .filter((name) => said.people.every((person) => person.name !== name))
        .map((name) => ({ name, region: null })),
    ].filter(({ name }) => own.people.get(name) !== false),
  }
}
