import { openLibrary } from './library-under-test.ts'

// A process that changes all photos of the library in the directory it is given, to be killed while it does.

const [directory, change] = process.argv.slice(2)
const { client } = openLibrary(directory!)
client.on('photosChanged', () => process.send!('changed'))
const { token, total } = await client.timeline({ query: '' })
const selection = { query: '', token, ranges: [[0, total]] as [number, number][] }
if (change === 'caption') await client.captionSelection({ selection, text: 'a heron' })
else await client.regenerate({ selection })
process.send!('over')
