import { existsSync } from 'node:fs'
import { chromiumProgram } from './app-under-test.ts'

/** Why tests that need a browser are skipped; false where there is one. */
export const chromiumMissing = existsSync(chromiumProgram) ? false : 'Chromium is not installed'
