import { ownThread } from '../../src-main/channels/message-port.ts'
import { LensloreError } from '../../src-main/contract/errors.ts'
import { serve, transferring } from '../../src-main/contract/rpc.ts'
import { portCalls } from './port-calls.ts'

// The thread of `message-port.test.ts`.

const { channel, data } = ownThread()
if (data === 'refuses') throw new LensloreError('DATABASE_NEWER', 'This is from a newer version.')

serve(channel, portCalls, {
  data: () => data,
  double(numbers) {
    const doubled = numbers.map((each) => 2 * each)
    return transferring(doubled, [doubled.buffer])
  },
  wait: (_, signal) =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  fail() {
    throw new LensloreError('DISK_FULL', 'No room.')
  },
  throwOutside: () =>
    new Promise(() => {
      setImmediate(() => {
        throw new TypeError('nobody caught this')
      })
    }),
  fillMemory() {
    const kept: object[] = []
    for (;;) kept.push(Array.from({ length: 1000 }, (_, index) => ({ index })))
  },
  leave() {
    setImmediate(() => channel.close())
    return null
  },
})
