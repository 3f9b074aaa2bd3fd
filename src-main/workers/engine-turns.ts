/** Whose turn it is with an engine: many at once, or one alone while nobody else is at it. */
export interface EngineTurns {
  shared<T>(work: () => Promise<T>): Promise<T>
  alone<T>(work: () => Promise<T>): Promise<T>
}

export function createEngineTurns(): EngineTurns {
  const sharing = new Set<Promise<unknown>>()
  /** Of who is alone, and of all who want to be. */
  let last: Promise<unknown> = Promise.resolve()

  return {
    async shared(work) {
      for (let seen: unknown; seen !== last; ) {
        seen = last
        await last
      }
      const mine = work()
      sharing.add(mine)
      try {
        return await mine
      } finally {
        sharing.delete(mine)
      }
    },
    alone(work) {
      const before = last
      const mine = before.then(async () => {
        await Promise.allSettled([...sharing])
        return work()
      })
      last = mine.catch(() => {})
      return mine
    },
  }
}
