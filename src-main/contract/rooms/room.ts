import type { z } from 'zod'
import type { Call } from '../rpc.ts'

/** A call of the library. */
export interface LibraryCall extends Call<z.ZodType, unknown> {
  /**
   * Whether a page may make it. Such a call names photos and folders by their ids, never a file of this machine, and
   * all it can carry is bounded. What needs a path or a dialog is the host's, which asks the person.
   */
  page: boolean
}

/** One room of the library's calls: its table as it stands, with what each call says of itself. */
export function room<const Calls extends Record<string, LibraryCall>>(calls: Calls): Calls {
  return calls
}
