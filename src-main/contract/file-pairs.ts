import { extensionOf, isRawName } from './picture-names.ts'

/** Which files of one directory are one photo, told by their names alone. */

export const companionKinds = ['raw', 'video'] as const
export type CompanionKind = (typeof companionKinds)[number]

/** Whose part a file is, by its name. */
export interface Pairing {
  kind: CompanionKind
  /** Name of the file that people see, in the same directory. */
  leader: string
}

const leading: ReadonlySet<string> = new Set(['jpg', 'jpeg', 'jpe', 'heic', 'heif', 'hif'])
const videos: ReadonlySet<string> = new Set(['mov', 'mp4'])

/** Whether a file of this name may be the video of a Live Photo. */
export function isPairVideoName(name: string): boolean {
  return videos.has(extensionOf(name))
}

/**
 * The files among those of one directory that belong to another one, by their names: raw files and videos beside the one JPEG or HEIC of
 * their stem. In a stem that has two of these nobody can say which belongs to which.
 * @param names of pictures and videos.
 */
export function findPairs(names: readonly string[]): Map<string, Pairing> {
  const pairs = new Map<string, Pairing>()
  const companions = names.filter((name) => isRawName(name) || isPairVideoName(name))
  if (companions.length === 0) return pairs
  const stems = new Set(companions.map(stemOf))
  /** By stem; null where there are several. */
  const leaders = new Map<string, string | null>()
  for (const name of names) {
    if (!leading.has(extensionOf(name))) continue
    const stem = stemOf(name)
    if (stems.has(stem)) leaders.set(stem, leaders.has(stem) ? null : name)
  }
  for (const name of companions) {
    const leader = leaders.get(stemOf(name))
    if (leader) pairs.set(name, { kind: isRawName(name) ? 'raw' : 'video', leader })
  }
  return pairs
}

function stemOf(name: string): string {
  return name.slice(0, name.lastIndexOf('.')).normalize('NFC').toLowerCase()
}
