import type { Channel } from '../contract/rpc.ts'

export interface Ending extends Pick<Channel, 'onClose'> {
  readonly isOver: boolean
  /** The channel is closed: whoever listens is told, the first time. */
  end(): void
}

/** When a channel closes, which is once; who asks later is told as well. */
export function createEnding(isOver = false): Ending {
  const listeners = new Set<() => void>()
  return {
    get isOver() {
      return isOver
    },
    end() {
      if (isOver) return
      isOver = true
      for (const listener of listeners) listener()
    },
    onClose(listener) {
      if (isOver) queueMicrotask(listener)
      else listeners.add(listener)
    },
  }
}
