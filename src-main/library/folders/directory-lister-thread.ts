import { readdirSync } from 'node:fs'
import { ownThread } from '../../channels/message-port.ts'
import { serve } from '../../contract/rpc.ts'
import { nativePath } from '../native-path.ts'
import { listingCalls } from './directory-lister.ts'
import { errorCode } from './walk.ts'

// The thread that `directory-lister.ts` starts.

serve(ownThread().channel, listingCalls, {
  directoriesIn(path) {
    try {
      const entries = readdirSync(nativePath(path), { withFileTypes: true })
      return { names: entries.filter((entry) => entry.isDirectory()).map(({ name }) => name) }
    } catch (thrown) {
      return { code: errorCode(thrown) ?? 'UNKNOWN' }
    }
  },
})
