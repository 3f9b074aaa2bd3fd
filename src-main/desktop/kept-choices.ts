import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { z } from 'zod'

const rectangle = z.object({ x: z.int(), y: z.int(), width: z.int().positive(), height: z.int().positive() })

const choices = z.object({
  window: z
    .object({ bounds: rectangle, isMaximized: z.boolean(), isFullScreen: z.boolean() })
    .optional()
    .catch(undefined),
  /** Hosts that a place may be sent to without another question. */
  mapHosts: z.array(z.string()).catch([]),
  updates: z
    .object({
      /** Whether the person has agreed that newer versions are looked for. */
      isWanted: z.boolean(),
      lookedMs: z.number().nullable(),
      /** The version that is installed when the app is closed. */
      waiting: z.string().nullable(),
    })
    .catch({ isWanted: false, lookedMs: null, waiting: null }),
})

/** What the shell remembers of this machine and person, beside the library: its windows, and what it need not ask again. */
export type Choices = z.infer<typeof choices>

export interface KeptChoices {
  readonly present: Choices
  keep(change: Partial<Choices>): void
}

/** @param file JSON; one that is missing or damaged is a fresh start, and one that cannot be written costs only that */
export function keepChoices(file: string): KeptChoices {
  let present = read(file)
  return {
    get present() {
      return present
    },
    keep(change) {
      present = { ...present, ...change }
      try {
        writeFileSync(`${file}.new`, JSON.stringify(present))
        renameSync(`${file}.new`, file)
      } catch {
        // A disk without room is told by what matters more.
      }
    },
  }
}

function read(file: string): Choices {
  try {
    return choices.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return choices.parse({})
  }
}
