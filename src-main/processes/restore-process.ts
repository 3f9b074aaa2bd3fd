import { ownChannel } from '../channels/own-channel.ts'
import { serve } from '../contract/rpc.ts'
import { restoreBackup } from '../library/library.ts'
import { restoreCalls } from './restore-calls.ts'

// The program of a process that puts a backup in the place of a library's database, for hosts that answer windows meanwhile.
process.on('SIGINT', () => {})

serve(await ownChannel(), restoreCalls, {
  async restore({ directory, backup }) {
    return restoreBackup(directory, { backup })
  },
})
