import { z } from 'zod'

/**
 * What Electron's main says to a utility process of ours beside their channel. A port comes with all but the last: of
 * the host, of a page, of the engine that was asked for.
 */
export type ToUtility =
  | { kind: 'host' }
  | { kind: 'page' }
  | { kind: 'engine'; request: number }
  | { kind: 'noEngine'; request: number; message: string }

/** What a library in such a process asks of main, which alone starts processes. */
export const fromUtility = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('startEngine'), request: z.int().positive() }),
  z.object({ kind: z.literal('endEngine'), request: z.int().positive() }),
])

export type FromUtility = z.infer<typeof fromUtility>
