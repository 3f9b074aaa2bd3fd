const arrows = { ArrowLeft: '←', ArrowRight: '→', ArrowUp: '↑', ArrowDown: '↓' }
const names: Record<string, string> = { ...arrows, Mod: 'Ctrl', Escape: 'Esc' }
const macNames: Record<string, string> = { ...arrows, Mod: '⌘', Alt: '⌥', Shift: '⇧', Escape: 'Esc' }

/** The keys of a command, as it is registered with them, the way they stand on the keyboard. */
export function keyCaps(keys: string, isMac: boolean): string[] {
  // The sign + is a key of its own at the end of a name.
  const parts = keys.match(/[^ +]+|\+(?= |$)/g) ?? []
  return parts.map((key) => (isMac ? macNames : names)[key] ?? (key.length === 1 ? key.toUpperCase() : key))
}
