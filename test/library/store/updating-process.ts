import { prepareLibrary } from '../../../src-main/library/library.ts'

// A process that brings the library in the directory it is given up to date, and says what it does.

await prepareLibrary(process.argv[2]!, {
  onProgress: (progress) => console.log(JSON.stringify(progress)),
})
