import { app } from 'electron'
import { runCommandLine } from '../cli/command-line.ts'

// As in the command line's first line.
app.commandLine.appendSwitch('js-flags', '--max-semi-space-size=1')
// The packaged app has no window yet: it is the command line on Electron's own Node.
await app.whenReady()
const status = await runCommandLine(process.argv.slice(app.isPackaged ? 1 : 2))
app.exit(status)
