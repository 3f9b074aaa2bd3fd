import { app } from 'electron'
import { startProgramsBy } from '../processes/fork.ts'
import { startUtility } from './utility-programs.ts'

/** The package's command line: `lenslore COMMAND …` on Electron's own Node. */
export function runAsCommandLine(args: string[]): void {
  // As in the command line's first line.
  app.commandLine.appendSwitch('js-flags', '--max-semi-space-size=1')
  const { DISPLAY, WAYLAND_DISPLAY } = process.env
  if (process.platform === 'linux' && !DISPLAY && !WAYLAND_DISPLAY) {
    app.commandLine.appendSwitch('ozone-platform', 'headless')
  }
  app.dock?.hide()
  startProgramsBy(startUtility)
  void app.whenReady().then(async () => {
    const { runCommandLine } = await import('../cli/command-line.ts')
    app.exit(await runCommandLine(args))
  })
}
