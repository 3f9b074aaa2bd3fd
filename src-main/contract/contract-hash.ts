import { z } from 'zod'
import type { LibraryCall } from './rooms/room.ts'

/**
 * What a page and the library it speaks with must have in common: the product's version, for the shape of what is
 * answered, and the names and parameters of all calls. A page that finds another hash than its own is of another
 * version, and loads itself anew.
 * @returns SHA-256, lower-case hex
 */
export async function contractHash(
  calls: Readonly<Record<string, LibraryCall>>,
  version: string,
): Promise<string> {
  const shapes = Object.entries(calls)
    .map(
      ([name, { params, page }]) =>
        [name, page, z.toJSONSchema(params, { io: 'input', unrepresentable: 'any' })] as const,
    )
    .sort(([a], [b]) => (a < b ? -1 : 1))
  const bytes = new TextEncoder().encode(JSON.stringify([version, shapes]))
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
