import type { Caption } from '../../src-main/contract/records.ts'
import { formatMoment, text } from '../text/text.ts'

/** Whose words a caption is, and since when. */
export function sourceLine(caption: Caption): string {
  return `${nameOfSource(caption)}. ${formatMoment(caption.createdMs)}.`
}

function nameOfSource({ source, modelId, precision }: Caption): string {
  if (source !== 'model') return text.photo.source[source]
  if (modelId === null) return text.photo.source.modelUnknown
  const model = text.photo.source.model(modelId)
  return precision === null || precision === 'fp32'
    ? model
    : text.inPrecision(model, text.precisions[precision])
}

/** What the model doubts of its words; null of nothing, or of another's words. */
export function doubtLine({ text: words, isUnsure, doubtfulWords }: Caption): string | null {
  const doubtful = [...new Set(doubtfulWords.map(([start, end]) => words.slice(start, end)))]
  if (doubtful.length > 0) return text.photo.source.unsureOf(doubtful)
  return isUnsure ? text.photo.source.unsure : null
}
