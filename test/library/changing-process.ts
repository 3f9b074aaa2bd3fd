import { dirname } from 'node:path'
import { openReader } from '../../src-main/library/store/database.ts'
import { databaseFileIn } from '../../src-main/library/store/store.ts'
import type { ManyChange } from './large-library.ts'
import { openLibrary } from './library-under-test.ts'

// A process that changes all photos of the library in the directory it is given, to be killed while it does; told so, it kills
// itself while it plans.

const [directory, change, killedIn] = process.argv.slice(2) as [string, ManyChange, 'planned' | undefined]
const { client } = openLibrary(directory)
client.on('photosChanged', () => process.send!('changed'))
if (killedIn) dieIn(killedIn)
const { token, total } = await client.timeline({ query: '' })
const selection = { query: '', token, ranges: [[0, total]] as [number, number][] }
const changes: Record<ManyChange, () => Promise<unknown>> = {
  caption: () => client.captionSelection({ selection, text: 'a heron' }),
  regenerate: () => client.regenerate({ selection }),
  rate: () => client.setMarks({ selection, change: { rating: 5 } }),
  // The parent of the folder that all photos are in.
  join: async () => client.addFolder({ path: dirname((await client.folders({}))[0]!.path) }),
  replace: () => client.replaceInCaptions({ find: 'dog', replace: 'hound', preview: false }),
}
await changes[change]()
process.send!('over')

/** Looks between any two slices. */
function dieIn(state: string): void {
  const reader = openReader(databaseFileIn(directory))
  const look = () => {
    const found = reader.prepare('SELECT 1 FROM caption_changes WHERE state = ?').get(state)
    if (found) process.kill(process.pid, 'SIGKILL')
    else setImmediate(look)
  }
  look()
}
