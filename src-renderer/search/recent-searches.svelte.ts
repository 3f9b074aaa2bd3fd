const key = 'lenslore.search.recent'
const kept = 8
/** What is left so long was meant; what is typed over before was on the way. */
const settledMs = 1500

/** Searches that found something, the newest first, on this device alone. */
export class RecentSearches {
  #queries = $state.raw<readonly string[]>(read())
  #timer: ReturnType<typeof setTimeout> | undefined

  get queries(): readonly string[] {
    return this.#queries
  }

  rememberSoon(query: string): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.remember(query), settledMs)
  }

  remember(query: string): void {
    const plain = query.trim()
    if (plain === '') return
    this.#queries = [plain, ...this.#queries.filter((other) => other !== plain)].slice(0, kept)
    localStorage.setItem(key, JSON.stringify(this.#queries))
  }
}

function read(): string[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(key) ?? '[]')
    return Array.isArray(stored) ? stored.filter((query) => typeof query === 'string').slice(0, kept) : []
  } catch {
    return []
  }
}
