/**
 * In a package the program lies in an archive that Electron alone reads, in this process. What threads, other processes and
 * native code open by its path stands beside the archive.
 * @param path also a `file:` address; any that is not in the archive is given back as it is
 */
export function unpackedPath(path: string): string {
  return path.replace(/\bapp\.asar(?=[\\/])/, 'app.asar.unpacked')
}
