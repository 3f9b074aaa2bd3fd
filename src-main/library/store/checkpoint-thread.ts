import { ownThread } from '../../channels/message-port.ts'
import { serve } from '../../contract/rpc.ts'
import { checkpointCalls, checkpointNow } from './checkpoints.ts'

// The thread that `checkpoints.ts` starts.

serve(ownThread().channel, checkpointCalls, {
  checkpoint({ databaseFile }) {
    checkpointNow(databaseFile)
    return null
  },
})
