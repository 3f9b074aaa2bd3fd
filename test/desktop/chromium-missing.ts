import { browserProgram } from '../server/browser-program.ts'

/** Why tests that need a browser are skipped; false where there is one. */
export const chromiumMissing = browserProgram() ? false : 'Chromium is not installed'
