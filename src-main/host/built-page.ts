import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LensloreError } from '../contract/errors.ts'

/**
 * The folder of the built page: beside the sources in `out/page`, beside the program in the package.
 * @throws LensloreError `FILE_NOT_FOUND` where it was not built
 */
export function builtPage(): string {
  for (const place of ['../page', '../../out/page']) {
    const folder = fileURLToPath(new URL(place, import.meta.url))
    if (existsSync(join(folder, 'index.html'))) return folder
  }
  throw new LensloreError('FILE_NOT_FOUND', 'The page was not built yet: npm run build:page.')
}
