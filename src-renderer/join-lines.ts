import { LensloreError, toErrorRecord } from '../src-main/contract/errors.ts'
import { hostCalls } from '../src-main/contract/host-calls.ts'
import type { Channel } from '../src-main/contract/rpc.ts'

interface Said {
  kind: string
  id: number
  name?: string
}

/**
 * One channel of two lines: calls of the host go to it, all others to the library, whose line may be another one later. Calls that
 * were under way when the library's line broke fail with `CHANNEL_CLOSED`, later ones wait for the next.
 */
export function joinLines(host: Channel): { channel: Channel; takeLibrary(line: Channel): void } {
  const listeners = new Set<(message: unknown) => void>()
  const underWay = new Set<number>()
  let waiting: unknown[] = []
  let library: Channel | undefined

  function hear(message: unknown): void {
    for (const listener of listeners) listener(message)
  }

  function takeLibrary(line: Channel): void {
    library = line
    line.onMessage((message) => {
      underWay.delete((message as Said).id)
      hear(message)
    })
    line.onClose(() => {
      if (library !== line) return
      library = undefined
      const error = toErrorRecord(new LensloreError('CHANNEL_CLOSED', 'The library’s process ended.'))
      for (const id of underWay) hear({ kind: 'error', id, error })
      underWay.clear()
    })
    for (const message of waiting) sayToLibrary(message)
    waiting = []
  }

  function sayToLibrary(message: unknown): void {
    const { kind, id } = message as Said
    if (!library) {
      waiting.push(message)
      return
    }
    if (kind === 'call') underWay.add(id)
    library.post(message)
  }

  host.onMessage(hear)
  return {
    channel: {
      post(message) {
        const { kind, name } = message as Said
        const isOfHost = kind === 'call' && Object.hasOwn(hostCalls, name!)
        // Whose call is cancelled only its own side knows.
        if (isOfHost || kind === 'cancel') host.post(message)
        if (!isOfHost) sayToLibrary(message)
      },
      onMessage: (listener) => void listeners.add(listener),
      onClose: (listener) => host.onClose(listener),
      close() {
        host.close()
        library?.close()
      },
    },
    takeLibrary,
  }
}
