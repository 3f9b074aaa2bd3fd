import { createHash } from 'node:crypto'

/** What a file's bytes must hash to: SHA-256, or the id that git gives to a file of this content. */
export interface ExpectedDigest {
  algorithm: 'sha256' | 'git-blob'
  /** Lower-case hex. */
  hex: string
}

export interface RunningDigest {
  update(bytes: Uint8Array): void
  /** Ends the digest; `sha256` is that of the content in either case. */
  finish(): { sha256: string; matches: boolean }
}

/** Hashes a file of known size as it arrives. */
export function startDigest(expected: ExpectedDigest, sizeBytes: number): RunningDigest {
  const sha256 = createHash('sha256')
  const gitBlob = createHash('sha1').update(`blob ${sizeBytes}\0`)
  return {
    update(bytes) {
      sha256.update(bytes)
      if (expected.algorithm === 'git-blob') gitBlob.update(bytes)
    },
    finish() {
      const content = sha256.digest('hex')
      const actual = expected.algorithm === 'sha256' ? content : gitBlob.digest('hex')
      return { sha256: content, matches: actual === expected.hex }
    },
  }
}
