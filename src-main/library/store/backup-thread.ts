import { ownThread } from '../../channels/message-port.ts'
import { serve } from '../../contract/rpc.ts'
import { backUp, backupCalls } from './backups.ts'
import { openReader } from './database.ts'

// The thread that `backups.ts` starts: it copies the database once.

serve(ownThread().channel, backupCalls, {
  backUp({ databaseFile, label }) {
    const reader = openReader(databaseFile)
    try {
      return backUp(reader, label)
    } finally {
      reader.close()
    }
  },
})
