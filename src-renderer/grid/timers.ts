/** Acts that wait, each under a name; of one name one waits at a time. */
export class Timers {
  #waiting = new Map<string, ReturnType<typeof setTimeout>>()

  /** @param isAnew the time begins again with every call; else the first call counts */
  later(name: string, ms: number, act: () => void, isAnew = false): void {
    if (this.#waiting.has(name) && !isAnew) return
    clearTimeout(this.#waiting.get(name))
    this.#waiting.set(
      name,
      setTimeout(() => {
        this.#waiting.delete(name)
        act()
      }, ms),
    )
  }

  clear(): void {
    for (const timer of this.#waiting.values()) clearTimeout(timer)
  }
}
