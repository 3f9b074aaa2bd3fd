/**
 * How much memory work may hold at once, in bytes, whoever does it. Work begins with what it knows that it needs, and may say
 * later, once, how much more that is; what began goes before what waits to begin, so that all of it ends. What needs more than
 * there is goes alone.
 */
export interface ByteBudget {
  /** Waits for its turn; who is urgent goes before all that have not begun. */
  claim(bytes: number, isUrgent: boolean): Promise<ByteClaim>
}

export interface ByteClaim {
  /** Waits until so much more may be held. What was grown by before is given back first. */
  grow(bytes: number): Promise<void>
  giveBack(): void
}

interface Waiting {
  bytes: number
  begin(): void
}

export function createByteBudget(limitBytes: number): ByteBudget {
  const toBegin: Waiting[] = []
  const toGrow: Waiting[] = []
  let heldBytes = 0
  let claims = 0
  let grown = 0

  function lookAgain(): void {
    while (toGrow.length > 0 && (grown === 0 || heldBytes + toGrow[0]!.bytes <= limitBytes)) {
      const next = toGrow.shift()!
      grown++
      heldBytes += next.bytes
      next.begin()
    }
    if (toGrow.length > 0) return
    while (toBegin.length > 0 && (claims === 0 || heldBytes + toBegin[0]!.bytes <= limitBytes)) {
      const next = toBegin.shift()!
      claims++
      heldBytes += next.bytes
      next.begin()
    }
  }

  function wait(queue: Waiting[], bytes: number, isUrgent: boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    queue[isUrgent ? 'unshift' : 'push']({ bytes, begin: resolve })
    lookAgain()
    return promise
  }

  return {
    async claim(bytes, isUrgent) {
      await wait(toBegin, bytes, isUrgent)
      let grownBytes: number | null = null
      let isOver = false

      function shrink(): void {
        if (grownBytes === null) return
        heldBytes -= grownBytes
        grown--
        grownBytes = null
      }

      return {
        async grow(more) {
          shrink()
          await wait(toGrow, more, false)
          grownBytes = more
          if (isOver) shrink()
          lookAgain()
        },
        giveBack() {
          isOver = true
          shrink()
          heldBytes -= bytes
          claims--
          lookAgain()
        },
      }
    },
  }
}
