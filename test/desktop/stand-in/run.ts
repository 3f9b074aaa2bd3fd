import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

// Starts an app as Electron does: `node run.ts APP ARGUMENTS…`. It is ready only when its first module has been evaluated, so
// that one which waits for that hangs here as it does there.

const standIn = new URL('./electron.ts', import.meta.url).href
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'electron' ? { url: standIn, shortCircuit: true } : next(specifier, context),
})

const [application, ...args] = process.argv.slice(2)
process.argv = [process.execPath, ...(process.env.STAND_IN_PACKAGED === '1' ? [] : [application!]), ...args]
Object.assign(process, { resourcesPath: dirname(application!) })
const electron = await import(standIn)
process.on('message', async ({ id, source, arg }: { id: number; source: string; arg: unknown }) => {
  try {
    // Only tests send these, to look into the app as Playwright does with Electron.
    const value = await new Function(`return (${source})`)()(electron, arg)
    process.send!({ id, value })
  } catch (thrown) {
    process.send!({ id, error: String(thrown) })
  }
})
const { main } = JSON.parse(readFileSync(join(application!, 'package.json'), 'utf8'))
await import(pathToFileURL(join(application!, main)).href)
electron.app.once('stand-in:shown', () => process.send?.({ id: 0, value: null }))
electron.becomeReady()
