import { moduleBeside, startThread } from '../../channels/message-port.ts'
import { LensloreError } from '../../contract/errors.ts'
import type { ProviderName } from '../../contract/providers.ts'
import { unchecked } from '../../contract/rpc.ts'
import type { PackedSearch } from './search-session.ts'
import type { Session, SessionTensor } from './session.ts'

type Tensors = Readonly<Record<string, SessionTensor>>

export const sessionCalls = {
  open: unchecked<{ packed: PackedSearch; provider: ProviderName; threads: number }, null>(),
  run: unchecked<Tensors, Record<string, SessionTensor>>(),
  close: unchecked<null, null>(),
}

/**
 * A session in a thread of its own. The runtime's run does not give way while it computes, for seconds with a large
 * model; in the caller's thread nothing could be decoded, answered or cancelled meanwhile.
 * @throws LensloreError as `openSession`
 */
export async function openSessionInThread(
  packed: PackedSearch,
  provider: ProviderName,
  threads: number,
): Promise<Session> {
  const { calls, end } = startThread(moduleBeside(import.meta.url, 'session-thread-main'), sessionCalls, {
    closedError: (cause) =>
      new LensloreError(
        'ENGINE_FAILED',
        cause ? `The model stopped: ${cause.message}` : 'The model was closed.',
        { cause },
      ),
  })
  let closing: Promise<unknown> | undefined
  try {
    await calls.open({ packed, provider, threads })
  } catch (thrown) {
    await end()
    throw thrown
  }
  return {
    provider,
    run: (feeds) => calls.run(feeds),
    async close() {
      closing ??= calls.close(null).catch((thrown: LensloreError) => {
        // A thread that ended has closed it.
        if (thrown.code !== 'ENGINE_FAILED') throw thrown
      })
      await closing
    },
  }
}
