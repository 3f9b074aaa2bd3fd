import type { CaptionResult } from '../contract/engine-calls.ts'
import type { CaptionAnswer } from '../contract/worker-messages.ts'

export function writeCaption(result: CaptionResult): CaptionAnswer {
  const { caption, score, confidence, isUnsure, doubtfulWords, precision, embedding, readings } = result
  return {
    kind: 'caption',
    ...{ caption, score, confidence, isUnsure, doubtfulWords, precision },
    embedding: embedding && writeEmbedding(embedding),
    ...(readings && { readings }),
  }
}

export function readCaption({ kind: _kind, embedding, readings, ...told }: CaptionAnswer): CaptionResult {
  return {
    ...told,
    embedding: embedding === null ? null : readEmbedding(embedding),
    ...(readings && { readings }),
  }
}

export function writeEmbedding({ buffer, byteOffset, byteLength }: Int8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64')
}

export function readEmbedding(text: string): Int8Array<ArrayBuffer> {
  return Int8Array.from(Buffer.from(text, 'base64'))
}
