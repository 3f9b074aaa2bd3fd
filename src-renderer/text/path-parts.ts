import { displayFileName } from '../../src-main/contract/file-name.ts'

/** The names of a path of either kind of system as a person sees them, that of the file last. */
export function pathParts(path: string): string[] {
  return displayFileName(path).split(/[\\/]/)
}
