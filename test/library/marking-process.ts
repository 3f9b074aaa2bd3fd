import { openLibrary } from './library-under-test.ts'

// A process that rates all photos of the library in the directory it is given, to be killed while it does.

const { client } = openLibrary(process.argv[2]!)
client.on('photosChanged', () => process.send!('changed'))
const { total, token } = await client.timeline({ query: '' })
await client.setMarks({ selection: { query: '', token, ranges: [[0, total]] }, change: { rating: 5 } })
process.send!('marked')
