import type { hostAbilities } from '../../src-main/contract/host-calls.ts'
import type { IconName } from '../parts/icons.ts'

export const commandGroups = [
  'everywhere',
  'places',
  'search',
  'captioning',
  'photos',
  'captions',
  'teach',
  'photo',
] as const
export type CommandGroup = (typeof commandGroups)[number]

/** What of a command is known where it cannot be done as well: for the sheet of shortcuts. */
export interface CommandDescription {
  id: string
  group: CommandGroup
  /** In the window's language. */
  title: string
  /**
   * `Mod` is Ctrl, or ⌘ on macOS; a key after a space follows another: `Mod+k`, `Shift+ArrowDown`, `g a`. The first is shown.
   */
  keys?: readonly string[]
  icon?: IconName
  /** What the commands of a row of keys do together, as 0 to 5: one line of the sheet. */
  series?: string
  /** Also while a text field has the focus. */
  whileTyping?: boolean
  /** Also a button in the bar that floats under the photos while some are selected. */
  isForSelection?: boolean
  /** Not in the palette, as a move of the focus. */
  isHidden?: boolean
  /** Only where the host can do this. */
  needs?: (typeof hostAbilities)[number]
}
