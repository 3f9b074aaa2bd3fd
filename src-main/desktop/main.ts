import { app } from 'electron'
import { isCommand } from './arguments.ts'
import { runAsCommandLine } from './command-line-mode.ts'
import { openShell } from './shell.ts'

// Nothing here may be awaited: Electron is ready only when this module has been evaluated.
const args = process.argv.slice(app.isPackaged ? 1 : 2)
if (isCommand(args)) runAsCommandLine(args)
else openShell(args)
