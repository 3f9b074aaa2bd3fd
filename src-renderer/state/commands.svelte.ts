import type { CommandDescription } from './command-description.ts'
import { keyCaps } from './key-caps.ts'

export interface CommandAct {
  /** Whether it can be done now; always where it is left out. */
  isPossible?(): boolean
  run(): void
}

/** Something a person can do: registered once, with its key and its help, for the palette, the sheet of shortcuts and tooltips. */
export interface Command extends CommandDescription, CommandAct {}

/** How long a key waits for the one that follows it. */
const chordMs = 1200

export class Commands {
  #commands = $state.raw<readonly Command[]>([])
  #described: readonly CommandDescription[] = []
  #chord: { key: string; untilMs: number } | undefined
  readonly #isMac: boolean

  constructor(isMac = /Mac/.test(navigator.platform)) {
    this.#isMac = isMac
  }

  /** Those that are there now. */
  get all(): readonly Command[] {
    return this.#commands
  }

  /** Also those of views that are not shown. */
  get known(): readonly CommandDescription[] {
    const described = new Set(this.#described.map(({ id }) => id))
    return [...this.#commands.filter(({ id }) => !described.has(id)), ...this.#described]
  }

  /** Once for the whole window: the commands of views that come and go. */
  describe(descriptions: readonly CommandDescription[]): void {
    this.#described = descriptions
  }

  /**
   * Registers what a view does for commands that were described, by their ids. One that was not is of another host.
   * @returns a function that takes them out again
   */
  attach(acts: Readonly<Record<string, CommandAct>>): () => void {
    return this.register(
      this.#described.flatMap((description) => {
        const act = acts[description.id]
        return act ? [{ ...description, ...act }] : []
      }),
    )
  }

  /** @returns a function that takes them out again, as when the view goes that they belong to. */
  register(commands: readonly Command[]): () => void {
    this.#commands = [...this.#commands, ...commands]
    return () => {
      this.#commands = this.#commands.filter((command) => !commands.includes(command))
    }
  }

  /** The later registered goes before the earlier. Anything in a dialog stays in it, as `inert` keeps the focus there. */
  handle(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.isComposing) return
    const pressed = this.#nameOf(event)
    const chord =
      this.#chord && performance.now() < this.#chord.untilMs ? `${this.#chord.key} ${pressed}` : null
    const isTyping = isTextField(event.target)
    const command = this.#find(chord, isTyping) ?? this.#find(pressed, isTyping)
    this.#chord = undefined
    if (command) {
      event.preventDefault()
      command.run()
    } else if (!isTyping && this.#begins(pressed)) {
      this.#chord = { key: pressed, untilMs: performance.now() + chordMs }
      event.preventDefault()
    }
  }

  /** Does what was chosen by its id, as in a menu of the system. */
  run(id: string): void {
    const command = this.#commands.findLast((each) => each.id === id)
    if (command?.isPossible?.() ?? true) command?.run()
  }

  #find(key: string | null, isTyping: boolean): Command | undefined {
    if (key === null) return undefined
    return this.#commands.findLast(
      (command) =>
        command.keys?.includes(key) && (!isTyping || command.whileTyping) && (command.isPossible?.() ?? true),
    )
  }

  #begins(key: string): boolean {
    return this.#commands.some((command) => command.keys?.some((keys) => keys.startsWith(`${key} `)))
  }

  #nameOf({ key, ctrlKey, metaKey, altKey, shiftKey }: KeyboardEvent): string {
    const isLetter = key.length === 1
    const name = isLetter ? key.toLowerCase() : key
    const parts = [
      (this.#isMac ? metaKey : ctrlKey) && 'Mod',
      altKey && 'Alt',
      // A sign such as `?` has its Shift in itself.
      shiftKey && (!isLetter || /^[a-z0-9 ]$/.test(name)) && 'Shift',
      name === ' ' ? 'Space' : name,
    ]
    return parts.filter(Boolean).join('+')
  }

  /** A tooltip: what a control does, and the key of the command that does the same. */
  hint(title: string, id: string): string {
    const keys = this.#commands.find((command) => command.id === id)?.keys?.[0]
    return keys ? `${title}  ${this.capsOf(keys).join(' ')}` : title
  }

  /** The keys of a command as caps to be drawn. */
  capsOf(keys: string): string[] {
    return keyCaps(keys, this.#isMac)
  }
}

function isTextField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target.isContentEditable || target instanceof HTMLTextAreaElement) return true
  return target instanceof HTMLInputElement && !/^(checkbox|radio|range|button)$/.test(target.type)
}
