import { ownThread } from '../../channels/message-port.ts'
import { LensloreError } from '../../contract/errors.ts'
import { serve } from '../../contract/rpc.ts'
import { openSearch } from './search-session.ts'
import type { Session } from './session.ts'
import { sessionCalls } from './session-thread.ts'

// The thread that `session-thread.ts` starts.

const { channel } = ownThread()
let session: Session | undefined

serve(channel, sessionCalls, {
  async open({ packed, provider, threads }) {
    session = await openSearch(packed, provider, threads)
    return null
  },
  run(feeds) {
    if (!session) throw new LensloreError('ENGINE_FAILED', 'The model is not open.')
    return session.run(feeds)
  },
  async close() {
    await session?.close()
    // The runtime's own threads end with the session; only then may this one, and after its answer.
    setImmediate(() => channel.close())
    return null
  },
})
