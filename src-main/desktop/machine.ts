import { powerMonitor, powerSaveBlocker } from 'electron'
import type { Progress } from '../contract/records.ts'
import type { LibraryClient } from '../host/held-library.ts'

/** A person who touched nothing for so long is not using the machine. */
const idleAfterSeconds = 120
const lookEveryMs = 10_000

/**
 * Tells the library whether the machine may be used for captions now, and keeps the machine awake while it is on mains and there
 * are captions to be made. What the library does with it is its own: a person chooses whether it minds.
 */
export interface Machine {
  /** To be called for a library that was not told yet. */
  tellAgain(): void
  /** What is under way. */
  workIs(works: readonly Progress[]): void
}

export function watchMachine(calls: LibraryClient): Machine {
  let told: { isIdle: boolean; isOnMains: boolean } | undefined
  let isAsleep = false
  let isCaptioning = false
  let blocker: number | undefined

  function look(): void {
    const isOnMains = !isAsleep && !powerMonitor.isOnBatteryPower()
    // A locked screen is a machine that nobody uses, and so `getSystemIdleState` says neither.
    const isIdle = !isAsleep && powerMonitor.getSystemIdleState(idleAfterSeconds) !== 'active'
    stayAwake(isCaptioning && isOnMains)
    if (told?.isIdle === isIdle && told.isOnMains === isOnMains) return
    told = { isIdle, isOnMains }
    // One that dies meanwhile is told again when it is back.
    calls.setMachine(told).catch(() => {})
  }

  function stayAwake(isWanted: boolean): void {
    if (isWanted) blocker ??= powerSaveBlocker.start('prevent-app-suspension')
    else if (blocker !== undefined) {
      powerSaveBlocker.stop(blocker)
      blocker = undefined
    }
  }

  powerMonitor.on('suspend', () => {
    isAsleep = true
    look()
  })
  powerMonitor.on('resume', () => {
    isAsleep = false
    look()
  })
  for (const event of ['on-ac', 'on-battery', 'lock-screen', 'unlock-screen'] as const) {
    powerMonitor.on(event as 'on-ac', look)
  }
  setInterval(look, lookEveryMs).unref()
  look()
  return {
    tellAgain() {
      told = undefined
      look()
    },
    workIs(works) {
      const isNow = works.some(({ phase }) => phase === 'caption')
      if (isNow === isCaptioning) return
      isCaptioning = isNow
      look()
    },
  }
}
