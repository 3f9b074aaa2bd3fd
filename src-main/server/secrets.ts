import { createHash, randomBytes } from 'node:crypto'

/** What nobody guesses, as it stands in an address or a cookie. */
export function makeSecret(): string {
  return randomBytes(32).toString('base64url')
}

/** What is written down of a secret: nobody gets in with it. @returns lower-case hex */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}
