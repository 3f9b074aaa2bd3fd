import type { Channel } from '../contract/rpc.ts'
import { createEnding } from './ending.ts'

/**
 * Two ends of a channel within one process. Messages are cloned and arrive in a later microtask, so that
 * code written against it also holds over a process border.
 */
export function createMemoryChannel(): [Channel, Channel] {
  const left = createEnd()
  const right = createEnd()
  left.connect(right)
  right.connect(left)
  return [left.channel, right.channel]
}

function createEnd() {
  const messageListeners = new Set<(message: unknown) => void>()
  const ending = createEnding()
  let other: { receive(message: unknown): void; closed(): void } | undefined

  const end = {
    connect(to: { receive(message: unknown): void; closed(): void }) {
      other = to
    },
    receive(message: unknown) {
      if (!ending.isOver) for (const listener of messageListeners) listener(message)
    },
    closed: ending.end,
    channel: {
      post(message) {
        if (ending.isOver) return
        const copy = structuredClone(message)
        queueMicrotask(() => other?.receive(copy))
      },
      onMessage: (listener) => void messageListeners.add(listener),
      onClose: ending.onClose,
      close() {
        ending.end()
        queueMicrotask(() => other?.closed())
      },
    } satisfies Channel,
  }
  return end
}
