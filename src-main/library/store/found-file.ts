/** One picture as its directory and one `stat` tell it. */
export interface FoundFile {
  name: string
  sizeBytes: number
  modifiedMs: number
  device: number
  inode: number
}
