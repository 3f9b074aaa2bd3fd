import { readdirSync, readFileSync } from 'node:fs'
import { extname, join, relative, sep } from 'node:path'
import { pageCaching } from '../host/caching.ts'
import { pageTypes } from '../host/page-types.ts'

/** Answers with a file of the page; undefined where the page has none at this path. */
export type AnswerPage = (path: string) => Response | undefined

/**
 * Reads the built page once: half a megabyte, which is there when a browser asks, also when another version of it was built meanwhile
 * that this program could not answer.
 * @param folder of the built page
 */
export function readPage(folder: string): AnswerPage {
  const files = new Map<string, { bytes: Uint8Array<ArrayBuffer>; type: string }>()
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name)
    const type = pageTypes[extname(file)]
    if (!entry.isFile() || !type) continue
    files.set(`/${relative(folder, file).split(sep).join('/')}`, {
      bytes: new Uint8Array(readFileSync(file)),
      type,
    })
  }
  return (path) => {
    const found = files.get(path === '/' ? '/index.html' : path)
    if (!found) return undefined
    const headers = { 'content-type': found.type, 'cache-control': pageCaching(path) }
    return new Response(found.bytes, { headers })
  }
}
