import { openConnection } from './connection.ts'
import { photosOfBlock } from './grid/columns.ts'
import { hostChannel } from './host-line.ts'

/** Where the line does not come, the window is there to say so. */
const lineWithinMs = 200

// The line is opened, and what is seen first is on its way, before the window's own code is read, which leaves no room for anything else.
const connection = openConnection(hostChannel)
connection.askAhead('host', {})
if (/^(#(\/(library)?)?)?$/.test(location.hash)) {
  connection.askAhead('timeline', { query: '' })
  connection.askAhead('timelinePage', { query: '', offset: 0, limit: photosOfBlock })
}
// What the browser keeps for a page, and what it knows of dates, it reads when that is first asked for: now nothing waits for it.
void localStorage.length
new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: 'long', timeZone: 'UTC' }).format()
await new Promise<unknown>((resolve) => {
  connection.onLine(resolve)
  setTimeout(resolve, lineWithinMs)
})
const { showWindow } = await import('./window.ts')
showWindow(connection)
