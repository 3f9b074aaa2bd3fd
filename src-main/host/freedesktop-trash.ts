import { link, readdir, readFile, stat, unlink } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join, relative, sep } from 'node:path'
import { pathToFileURL } from 'node:url'

// The trash of Linux desktops: a folder `files` beside one `info` of notes, which say where each file was. One lies in the home,
// one on each other drive (specifications.freedesktop.org/trash-spec).

/**
 * Puts a file back from the trash to where it was.
 * @param path absolute
 * @param environment says where the home's trash is
 * @returns whether it is back; not where it is no longer in a trash, or another file has come to its place
 */
export async function restoreFromTrash(
  path: string,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<boolean> {
  const found = (await Promise.all(trashesFor(path, environment).map((trash) => newestOf(path, trash))))
    .filter((each) => each !== undefined)
    .sort((a, b) => b.deletedAt.localeCompare(a.deletedAt))[0]
  if (!found) return false
  try {
    // A link, unlike a move, never replaces a file that has come to be there.
    await link(found.file, path)
    await unlink(found.file)
    await unlink(found.note)
    return true
  } catch {
    return false
  }
}

interface Trash {
  folder: string
  /** What notes there call a file. */
  nameOf(path: string): string
}

function trashesFor(path: string, environment: NodeJS.ProcessEnv): Trash[] {
  const data = environment.XDG_DATA_HOME || join(homedir(), '.local', 'share')
  const home: Trash = { folder: join(data, 'Trash'), nameOf: escapedPath }
  const uid = process.getuid?.() ?? 0
  const ofDrives = foldersAbove(path).flatMap((top) =>
    [join(top, `.Trash-${uid}`), join(top, '.Trash', String(uid))].map((folder) => ({
      folder,
      nameOf: (file: string) => escapedPath(sep + relative(top, file)).slice(1),
    })),
  )
  return [home, ...ofDrives]
}

function foldersAbove(path: string): string[] {
  const above: string[] = []
  for (let at = dirname(path); ; at = dirname(at)) {
    above.push(at)
    if (at === dirname(at)) return above
  }
}

function escapedPath(path: string): string {
  return pathToFileURL(path).pathname
}

async function newestOf(path: string, { folder, nameOf }: Trash) {
  const notes = await readdir(join(folder, 'info')).catch(() => [])
  const wanted = decodeURIComponent(nameOf(path))
  let newest: { file: string; note: string; deletedAt: string } | undefined
  for (const name of notes) {
    if (!name.endsWith('.trashinfo')) continue
    const note = join(folder, 'info', name)
    const text = await readFile(note, 'utf8').catch(() => '')
    const was = /^Path=(.+)$/m.exec(text)?.[1]
    const deletedAt = /^DeletionDate=(.+)$/m.exec(text)?.[1] ?? ''
    if (was === undefined || decoded(was) !== wanted) continue
    const file = join(folder, 'files', name.slice(0, -'.trashinfo'.length))
    if ((newest?.deletedAt ?? '') <= deletedAt && (await stat(file).catch(() => null))) {
      newest = { file, note, deletedAt }
    }
  }
  return newest
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
