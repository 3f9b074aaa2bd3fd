import { realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { textFromFileName } from '../../contract/file-name.ts'
import { nativePath } from '../../contract/native-path.ts'

/**
 * Where a path leads when every link in it is followed, as far as it is there: the same for all names of a folder.
 * @param path absolute, in the form of `file-name.ts`; so is the answer.
 */
export function realPath(path: string): string {
  try {
    // Windows' own call would also turn the letter of a network drive into its server.
    if (process.platform === 'win32') return realpathSync(path)
    return textFromFileName(realpathSync.native(nativePath(path), 'buffer'))
  } catch {
    const above = dirname(path)
    return above === path ? path : join(realPath(above), basename(path))
  }
}

/** The same for a file: one that is a link itself keeps its own name. */
export function realPathOfFile(path: string): string {
  return join(realPath(dirname(path)), basename(path))
}
