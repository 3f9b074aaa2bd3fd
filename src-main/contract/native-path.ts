import { fileNameFromText } from './file-name.ts'

/** A path in the form of `file-name.ts` as Node's file system calls want it: bytes where it is no Unicode. */
export function nativePath(path: string): string | Buffer {
  const name = fileNameFromText(path)
  return typeof name === 'string' ? name : Buffer.from(name)
}
