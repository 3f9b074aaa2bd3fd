import { app } from 'electron'
import { runCommandLine } from '../cli/command-line.ts'

// The packaged app has no window yet: it is the command line on Electron's own Node.
await app.whenReady()
const status = await runCommandLine(process.argv.slice(app.isPackaged ? 1 : 2))
app.exit(status)
