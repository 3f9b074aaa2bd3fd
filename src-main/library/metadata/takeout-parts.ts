import { existsSync, readdirSync } from 'node:fs'
import { textFromFileName } from '../../contract/file-name.ts'
import { nativePath } from '../../contract/native-path.ts'

/** What Google calls the folder in every part of an export, in any language. */
const exportName = 'Takeout'
/** More is no place where parts were unpacked beside each other. */
const mostSiblings = 200

/**
 * The directories that stand in the place of this one in other parts of a split export, which are unpacked beside each other: beside
 * `takeout-001/Takeout/Google Photos/Alps` it is `takeout-002/Takeout/Google Photos/Alps`. Google puts a photo and its JSON file into
 * different parts as it comes.
 * @param directory absolute, in the form of `file-name.ts`; so are those returned.
 */
export function sameDirectoryInOtherParts(directory: string): string[] {
  const names = directory.split('/')
  const at = names.lastIndexOf(exportName)
  if (at < 2) return []
  const beside = names.slice(0, at - 1).join('/')
  const part = names[at - 1]
  const rest = names.slice(at).join('/')
  return directoriesIn(beside)
    .filter((name) => name !== part)
    .map((name) => `${beside}/${name}/${rest}`)
    .filter((path) => existsSync(nativePath(path)))
}

/** Whether the directory is of an export. */
export function isInExport(directory: string): boolean {
  return directory.split('/').includes(exportName)
}

function directoriesIn(path: string): string[] {
  try {
    const entries = readdirSync(nativePath(path === '' ? '/' : path), {
      encoding: 'buffer',
      withFileTypes: true,
    })
    const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => textFromFileName(name))
    return names.length > mostSiblings ? [] : names
  } catch {
    return []
  }
}
