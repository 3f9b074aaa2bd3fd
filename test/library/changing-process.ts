import type { ManyChange } from './large-library.ts'
import { openLibrary } from './library-under-test.ts'

// A process that changes all photos of the library in the directory it is given, to be killed while it does.

const [directory, change] = process.argv.slice(2) as [string, ManyChange]
const { client } = openLibrary(directory)
client.on('photosChanged', () => process.send!('changed'))
const { token, total } = await client.timeline({ query: '' })
const selection = { query: '', token, ranges: [[0, total]] as [number, number][] }
const changes: Record<ManyChange, () => Promise<unknown>> = {
  caption: () => client.captionSelection({ selection, text: 'a heron' }),
  regenerate: () => client.regenerate({ selection }),
  rate: () => client.setMarks({ selection, change: { rating: 5 } }),
  replace: () => client.replaceInCaptions({ find: 'dog', replace: 'hound', preview: false }),
}
await changes[change]()
process.send!('over')
