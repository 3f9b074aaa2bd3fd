import { existsSync } from 'node:fs'

/** A Chromium of this machine; `CHROMIUM` names another one. */
export function browserProgram(): string | undefined {
  return [
    process.env.CHROMIUM,
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  ].find((program) => program && existsSync(program))
}
