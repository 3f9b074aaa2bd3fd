import { ownChannel } from '../channels/own-channel.ts'
import { serve } from '../contract/rpc.ts'
import { listLibraryBackups, restoreBackup } from '../library/library.ts'
import { backupCalls } from './backup-calls.ts'

// The program of a process that lists a library's backups, or puts one in the place of its database, for hosts that answer
// windows meanwhile.
process.on('SIGINT', () => {})

serve(await ownChannel(), backupCalls, {
  list: ({ directory }) => listLibraryBackups(directory),
  async restore({ directory, backup }) {
    return restoreBackup(directory, { backup })
  },
})
