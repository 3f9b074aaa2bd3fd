import { ownThread } from '../../channels/message-port.ts'
import { serve } from '../../contract/rpc.ts'
import { checkCalls, checkIntegrity } from './check.ts'
import { openReader } from './database.ts'

// The thread that `check.ts` starts: it reads the database once.

serve(ownThread().channel, checkCalls, {
  check({ databaseFile }) {
    const reader = openReader(databaseFile)
    try {
      return checkIntegrity(reader)
    } finally {
      reader.close()
    }
  },
})
