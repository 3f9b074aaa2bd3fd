import type { ExpectedDigest } from './digest.ts'

/** A file as the hub offers it now, with what its bytes must hash to. */
export interface RemoteFile {
  path: string
  url: string
  sizeBytes: number
  expected: ExpectedDigest
}
