import { mainBuild, pageBuild } from '../../src-main/start/up-to-date.ts'
import { buildOnce } from '../built.ts'

/** The app in `out`, as `npm run build` makes it: what is tested is what is packed. */
export function buildApp(): Promise<void> {
  return buildOnce(mainBuild, pageBuild)
}
