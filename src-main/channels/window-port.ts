import type { Channel } from '../contract/rpc.ts'
import { createEnding } from './ending.ts'

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
  const ending = createEnding()
  port.addEventListener('close', ending.end)
  port.addEventListener('messageerror', () => {
    ending.end()
    port.close()
  })
  return {
    post(message, transfer) {
      if (!ending.isOver) port.postMessage(message, [...(transfer ?? [])])
    },
    onMessage(listener) {
      port.addEventListener('message', ({ data }) => listener(data))
      port.start()
    },
    onClose: ending.onClose,
    close() {
      ending.end()
      port.close()
    },
  }
}
