import type { Channel } from '../contract/rpc.ts'

/** The port of a window, as browsers have it. */
export interface WindowPortLike {
  postMessage(message: unknown, transfer?: ArrayBuffer[]): void
  start(): void
  close(): void
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void
  addEventListener(type: 'close' | 'messageerror', listener: () => void): void
}

/** A channel over a port that a window was given. */
export function windowPortChannel(port: WindowPortLike): Channel {
  const closeListeners = new Set<() => void>()
  let isOpen = true
  function closed(): void {
    if (!isOpen) return
    isOpen = false
    for (const listener of closeListeners) listener()
  }
  port.addEventListener('close', closed)
  port.addEventListener('messageerror', () => {
    closed()
    port.close()
  })
  return {
    post(message, transfer) {
      if (isOpen) port.postMessage(message, [...(transfer ?? [])])
    },
    onMessage(listener) {
      port.addEventListener('message', ({ data }) => listener(data))
      port.start()
    },
    onClose(listener) {
      if (isOpen) closeListeners.add(listener)
      else queueMicrotask(listener)
    },
    close() {
      closed()
      port.close()
    },
  }
}
