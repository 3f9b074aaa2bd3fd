import { type CommandDescription, type CommandGroup, commandGroups } from '../state/command-description.ts'

/** One line of the sheet. */
export interface ShortcutLine {
  id: string
  title: string
  /** The first key, and the last of a series. */
  keys: [string, string?]
}

/** All that have a key, by group; commands of a series are one line. */
export function shortcutLines(
  commands: readonly CommandDescription[],
): { group: CommandGroup; lines: ShortcutLine[] }[] {
  return commandGroups
    .map((group) => ({ group, lines: linesOf(commands.filter((command) => command.group === group)) }))
    .filter(({ lines }) => lines.length > 0)
}

function linesOf(commands: readonly CommandDescription[]): ShortcutLine[] {
  const series = new Map<string, ShortcutLine>()
  const lines: ShortcutLine[] = []
  for (const { id, title, keys, series: name } of commands) {
    const key = keys?.[0]
    if (key === undefined) continue
    const known = name === undefined ? undefined : series.get(name)
    if (known) known.keys[1] = key
    else {
      const line: ShortcutLine = { id, title: name ?? title, keys: [key] }
      if (name !== undefined) series.set(name, line)
      lines.push(line)
    }
  }
  return lines
}
