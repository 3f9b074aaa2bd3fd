import { openLibrary } from './library-under-test.ts'

// A process that replaces words in all captions of the library in the directory it is given, to be killed while it does.

const { client } = openLibrary(process.argv[2]!)
client.on('photosChanged', () => process.send!('changed'))
await client.replaceInCaptions({ find: 'dog', replace: 'hound', preview: false })
process.send!('replaced')
