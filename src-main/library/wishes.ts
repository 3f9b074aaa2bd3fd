import type { CaptioningState, Preferences } from '../contract/records.ts'
import type { CaptioningService } from './captioning-service.ts'
import type { PreferencesChange, Settings } from './store/settings.ts'

export interface WishesOptions {
  settings: Settings
  captioning: Pick<CaptioningService, 'pause' | 'resume' | 'waitFor' | 'state'>
  /** The engine may have to be another one. */
  takeUpEngine(): void
  onCaptioningChanged(state: CaptioningState): void
  onPreferencesChanged(preferences: Preferences): void
}

/** What a person wishes of the work of a library, said here or in another process, and what the machine allows. */
export interface Wishes {
  setPaused(isPaused: boolean): void
  preferences(): Preferences
  setPreferences(change: PreferencesChange): Preferences
  /** Until a host tells, the machine is free. */
  setMachine(machine: { isIdle: boolean; isOnMains: boolean }): void
  /** Acts on what was said in whichever process. */
  takeUp(): void
}

export function createWishes({
  settings,
  captioning,
  takeUpEngine,
  onCaptioningChanged,
  onPreferencesChanged,
}: WishesOptions): Wishes {
  let machine = { isIdle: true, isOnMains: true }
  let heardMs = 0
  let told = JSON.stringify(settings.preferences())

  function takeUp(): void {
    takeUpEngine()
    const preferences = settings.preferences()
    const before = JSON.stringify(captioning.state())
    const { isPaused, askedMs } = settings.captioning()
    if (askedMs !== heardMs) {
      heardMs = askedMs
      if (isPaused) captioning.pause()
      else captioning.resume()
    }
    captioning.waitFor(hindranceOf(preferences))
    const state = captioning.state()
    if (JSON.stringify(state) !== before) onCaptioningChanged(state)
    if (JSON.stringify(preferences) === told) return
    told = JSON.stringify(preferences)
    onPreferencesChanged(preferences)
  }

  function hindranceOf({ onlyOnMains, onlyWhenIdle }: Preferences): CaptioningState['waitsFor'] {
    if (onlyOnMains && !machine.isOnMains) return 'mains'
    return onlyWhenIdle && !machine.isIdle ? 'idle' : null
  }

  return {
    setPaused(isPaused) {
      settings.setCaptioning({ isPaused, askedMs: Date.now() })
      takeUp()
    },
    preferences: () => settings.preferences(),
    setPreferences(change) {
      settings.setPreferences(change)
      takeUp()
      return settings.preferences()
    },
    setMachine(now) {
      machine = now
      takeUp()
    },
    takeUp,
  }
}
