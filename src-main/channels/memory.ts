import type { Channel } from '../contract/rpc.ts'

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
  const closeListeners = new Set<() => void>()
  let open = true
  let other: { receive(message: unknown): void; closed(): void } | undefined

  const end = {
    connect(to: { receive(message: unknown): void; closed(): void }) {
      other = to
    },
    receive(message: unknown) {
      if (open) for (const listener of messageListeners) listener(message)
    },
    closed() {
      if (!open) return
      open = false
      for (const listener of closeListeners) listener()
    },
    channel: {
      post(message) {
        if (!open) return
        const copy = structuredClone(message)
        queueMicrotask(() => other?.receive(copy))
      },
      onMessage: (listener) => void messageListeners.add(listener),
      onClose(listener) {
        if (open) closeListeners.add(listener)
        else queueMicrotask(listener)
      },
      close() {
        end.closed()
        queueMicrotask(() => other?.closed())
      },
    } satisfies Channel,
  }
  return end
}
