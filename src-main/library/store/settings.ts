import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import type { Preferences } from '../../contract/records.ts'
import type { ModelChoice } from '../../contract/rooms/models.ts'
import { preferencesChange } from '../../contract/rooms/work.ts'
import type { Database } from './database.ts'

const choice = z.object({
  model: z.string(),
  adapterPath: z.string().nullable(),
  adapterId: z.string().nullable().default(null),
})

const schemas = {
  model: choice,
  opened: z.object({ choice, modelId: z.string(), adapterId: z.string().nullable() }),
  forgottenNames: z.object({ names: z.array(z.string()) }),
  captioning: z.object({ isPaused: z.boolean(), askedMs: z.number() }),
  /** Another version may know more of them. */
  preferences: z.object(preferencesChange.shape),
}

export type PreferencesChange = z.output<typeof preferencesChange>

const defaultPreferences: Preferences = {
  theme: 'system',
  language: null,
  onlyWhenIdle: false,
  onlyOnMains: false,
  threads: null,
  memoryMb: null,
  provider: 'auto',
  precision: 'auto',
}

/** What a person decided for the whole library, in whichever process. */
export interface Settings {
  /** The model that captions; null where nobody chose one. */
  model(): ModelChoice | null
  setModel(choice: ModelChoice): void
  /** What the model that was opened last calls itself, with what had been chosen. */
  opened(): OpenedModel | null
  /** The same again writes nothing. */
  setOpened(opened: OpenedModel): void
  /** What adapters called by a name, and are not to any more. */
  forgottenNames(): string[]
  setForgottenNames(names: readonly string[]): void
  captioning(): CaptioningWish
  setCaptioning(wish: CaptioningWish): void
  preferences(): Preferences
  /** Members that are left out stay as they are. */
  setPreferences(change: PreferencesChange): void
}

export interface OpenedModel {
  choice: ModelChoice
  modelId: string
  adapterId: string | null
}

export interface CaptioningWish {
  isPaused: boolean
  /** When it was said last, so that it is noticed also where it is said again. */
  askedMs: number
}

export function createSettings({ prepare, write }: Database): Settings {
  function read<Name extends keyof typeof schemas>(name: Name): z.infer<(typeof schemas)[Name]> | undefined {
    const row = prepare<{ value: string }>('SELECT value FROM settings WHERE name = ?').get(name)
    return row && (schemas[name].parse(JSON.parse(row.value)) as z.infer<(typeof schemas)[Name]>)
  }

  function set(name: keyof typeof schemas, value: object): void {
    write(() =>
      prepare('INSERT INTO settings VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value').run(
        name,
        JSON.stringify(value),
      ),
    )
  }

  function preferences(): Preferences {
    return { ...defaultPreferences, ...(read('preferences') as Partial<Preferences>) }
  }

  return {
    model: () => read('model') ?? null,
    setModel: (choice) => set('model', choice),
    opened: () => read('opened') ?? null,
    setOpened(opened) {
      if (!isDeepStrictEqual(read('opened'), opened)) set('opened', opened)
    },
    forgottenNames: () => read('forgottenNames')?.names ?? [],
    setForgottenNames: (names) => set('forgottenNames', { names }),
    captioning: () => read('captioning') ?? { isPaused: false, askedMs: 0 },
    setCaptioning: (wish) => set('captioning', wish),
    preferences,
    setPreferences: (change) =>
      write(() => set('preferences', { ...read('preferences'), ...JSON.parse(JSON.stringify(change)) })),
  }
}
