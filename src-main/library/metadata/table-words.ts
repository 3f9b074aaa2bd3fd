import type { ImportedWords } from '../store/caption-change-steps.ts'
import type { MetadataStore } from './metadata-store.ts'
import { emptyMetadata, type PhotoMetadata } from './photo-metadata.ts'

/** What imported tables say about photos, each table in place of the one before. */
export function createTableWords({
  apply,
  sources,
}: Pick<MetadataStore, 'apply' | 'sources'>): ImportedWords {
  const say = (photoId: number, metadata: PhotoMetadata, nowMs: number) =>
    apply(photoId, { kind: 'table', name: '', metadata }, nowMs)
  return {
    take(photoId, { text, language, isCut }, nowMs) {
      const before = sources(photoId).find(({ kind }) => kind === 'table')?.metadata
      const caption = { text, language, field: 'table:caption' }
      say(photoId, { ...emptyMetadata(), captions: [isCut ? { ...caption, isCut } : caption] }, nowMs)
      return before ? JSON.stringify(before) : null
    },
    giveBack: (photoId, before, nowMs) =>
      say(photoId, before === null ? emptyMetadata() : (JSON.parse(before) as PhotoMetadata), nowMs),
  }
}
