import { ownThread } from '../../channels/message-port.ts'
import { serve } from '../../contract/rpc.ts'
import { readMigrations } from './migrate.ts'
import { type UpdateEvents, updateCalls, updateWhenFree } from './update.ts'

// The thread that `update.ts` starts: it brings one database up to date.

const { emit } = serve<typeof updateCalls, UpdateEvents>(ownThread().channel, updateCalls, {
  update({ file, stop }) {
    updateWhenFree(file, readMigrations(), {
      onStep: (progress) => emit('progress', progress),
      isStopped: () => Atomics.load(stop, 0) === 1,
    })
    return null
  },
})
