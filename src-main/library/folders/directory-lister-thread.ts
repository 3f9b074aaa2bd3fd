import { readdirSync } from 'node:fs'
import { ownThread } from '../../channels/message-port.ts'
import { nativePath } from '../../contract/native-path.ts'
import { serve } from '../../contract/rpc.ts'
import { directoriesAmong, listingCalls } from './directory-lister.ts'
import { errorCode } from './walk.ts'

// The thread that `directory-lister.ts` starts.

serve(ownThread().channel, listingCalls, {
  directoriesIn(path) {
    try {
      return { names: directoriesAmong(readdirSync(nativePath(path), { withFileTypes: true })) }
    } catch (thrown) {
      return { code: errorCode(thrown) ?? 'UNKNOWN' }
    }
  },
})
