import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface UpdateFeed {
  /** Who is asked for newer versions. */
  hosts: string[]
}

/**
 * Where newer versions of this package are, as packaging wrote it beside the archive. Null where packaging named no place, or where
 * the package is a mere folder, which nothing can put another one into the place of.
 */
export function readUpdateFeed(resources: string): UpdateFeed | null {
  const isInstalled =
    process.platform !== 'linux' ||
    process.env.APPIMAGE !== undefined ||
    existsSync(join(resources, 'package-type'))
  const file = join(resources, 'app-update.yml')
  if (!isInstalled || !existsSync(file)) return null
  const text = readFileSync(file, 'utf8')
  const said = (key: string) => new RegExp(`^${key}: *['"]?([^'"\\n]+)`, 'm').exec(text)?.[1]
  // GitHub's releases lie in a store of their own, to which it sends whoever asks for one.
  if (said('provider') === 'github') return { hosts: ['github.com', 'githubusercontent.com'] }
  const address = said('url')
  return address !== undefined && URL.canParse(address) ? { hosts: [new URL(address).host] } : null
}
