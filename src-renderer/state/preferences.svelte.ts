import type { PageCalls } from '../../src-main/contract/library-calls.ts'
import type { Preferences } from '../../src-main/contract/records.ts'
import type { ParamsOf } from '../../src-main/contract/rpc.ts'
import type { Api } from '../connection.ts'
import { text } from '../text/text.ts'
import type { Notices } from './notices.svelte.ts'

type Change = ParamsOf<PageCalls['setPreferences']>

/** What the person chose, the same in all windows of a library. */
export class PreferencesState {
  #present = $state.raw<Preferences | null>(null)
  #systemIsDark = $state(true)
  readonly #api: Api
  readonly #notices: Notices

  constructor(api: Api, notices: Notices) {
    this.#api = api
    this.#notices = notices
    const system = matchMedia('(prefers-color-scheme: dark)')
    this.#systemIsDark = system.matches
    system.addEventListener('change', () => {
      this.#systemIsDark = system.matches
    })
    api.on('preferencesChanged', (preferences) => {
      this.#present = preferences
    })
    api.on('libraryReopened', () => void this.read())
  }

  /** Null until they were read. */
  get present(): Preferences | null {
    return this.#present
  }

  get theme(): 'light' | 'dark' {
    const theme = this.#present?.theme ?? 'system'
    if (theme !== 'system') return theme
    return this.#systemIsDark ? 'dark' : 'light'
  }

  async read(): Promise<void> {
    this.#present = (await this.#notices.orTell(this.#api.preferences({}))) ?? this.#present
  }

  /** Acts at once; what is refused is taken back and told. */
  async change(change: Change): Promise<void> {
    const before = this.#present
    if (before) this.#present = { ...before, ...change } as Preferences
    try {
      this.#present = await this.#api.setPreferences(change)
    } catch (thrown) {
      this.#present = before
      this.#notices.fail(thrown)
    }
  }

  toggleTheme(): void {
    const theme = this.theme === 'dark' ? 'light' : 'dark'
    this.#notices.tell(text.bar.themeIs[theme])
    void this.change({ theme })
  }
}
