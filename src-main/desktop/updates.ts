import type { AppUpdater, UpdateCheckResult, UpdateInfo } from 'electron-updater'
import { toErrorRecord } from '../contract/errors.ts'
import type { HostCalls, UpdateState, Updates } from '../contract/host-calls.ts'
import type { Handlers } from '../contract/rpc.ts'
import { english } from './english.ts'
import type { Choices, KeptChoices } from './kept-choices.ts'
import type { UpdateFeed } from './update-feed.ts'

const words = english.updates
const dayMs = 24 * 3600_000
const ifDueEveryMs = 3600_000
/** After a start there is more important work. */
const firstMs = 10_000

export interface UpdatesOptions {
  feed: UpdateFeed
  choices: KeptChoices
  /** Of this app. */
  version: string
  onChange(updates: Updates): void
  /** Tells the person, wherever in the app they are. */
  tell(message: string): void
}

export interface FollowedUpdates {
  calls: Pick<Handlers<HostCalls>, 'updates' | 'wantUpdates' | 'lookForUpdate' | 'downloadUpdate'>
  close(): void
}

/**
 * Looks for newer versions once a day, from when the person has agreed: until then not even the code that could ask is loaded. Nothing
 * is downloaded that they did not ask for. What fails is told once, until something goes well again.
 */
export function followUpdates({ feed, choices, version, onChange, tell }: UpdatesOptions): FollowedUpdates {
  let state: UpdateState = { kind: 'none' }
  let problem: string | null = null
  let isProblemTold = false
  let toldVersion: string | undefined
  let check: UpdateCheckResult | null = null
  let opening: Promise<AppUpdater> | undefined

  const is = (...kinds: UpdateState['kind'][]) => kinds.includes(state.kind)
  const keep = (change: Partial<Choices['updates']>) =>
    choices.keep({ updates: { ...choices.present.updates, ...change } })
  function present(): Updates {
    const { isWanted, lookedMs } = choices.present.updates
    return { isWanted, hosts: feed.hosts, lookedMs, state, problem }
  }
  function become(next: UpdateState): void {
    state = next
    problem = null
    onChange(present())
  }
  function fail(next: UpdateState, message: string): void {
    state = next
    problem = message
    onChange(present())
    if (!isProblemTold) tell(message)
    isProblemTold = true
  }
  const updater = () =>
    (opening ??= openUpdater((share) => {
      if (state.kind === 'downloading') become({ ...state, share })
    }))

  async function look(): Promise<void> {
    if (!choices.present.updates.isWanted || !is('none', 'found')) return
    const before = state
    become({ kind: 'looking' })
    try {
      check = await (await updater()).checkForUpdates()
      if (!is('looking')) return
      if (check === null) return fail(before, words.couldNotLook(words.isNoInstallation))
      isProblemTold = false
      keep({ lookedMs: Date.now() })
      if (!check.isUpdateAvailable) return become({ kind: 'none' })
      const found = check.updateInfo
      become({ kind: 'found', version: found.version, sizeBytes: sizeOf(found) })
      if (toldVersion !== found.version) tell(words.found(found.version))
      toldVersion = found.version
    } catch (thrown) {
      if (is('looking')) fail(before, words.couldNotLook(whyOf(thrown, feed)))
    }
  }

  async function download(): Promise<void> {
    if (state.kind !== 'found') return
    const found = state
    become({ kind: 'downloading', version: found.version, share: 0 })
    try {
      const present = await updater()
      present.autoInstallOnAppQuit = true
      await present.downloadUpdate(check!.cancellationToken)
      if (!is('downloading')) return
      isProblemTold = false
      keep({ waiting: found.version })
      become({ kind: 'ready', version: found.version })
      tell(words.ready(found.version))
    } catch (thrown) {
      if (is('downloading')) fail(found, words.couldNotDownload(found.version, whyOf(thrown, feed)))
    }
  }

  async function takeBack(): Promise<void> {
    check?.cancellationToken?.cancel()
    keep({ isWanted: false, waiting: null })
    become({ kind: 'none' })
    if (opening) (await opening).autoInstallOnAppQuit = false
  }

  function lookIfDue(): void {
    const { lookedMs } = choices.present.updates
    if (lookedMs === null || Math.abs(Date.now() - lookedMs) >= dayMs) void look()
  }

  const { waiting } = choices.present.updates
  if (waiting === version) tell(words.isInstalled(version))
  else if (waiting !== null) fail(state, words.wasNotInstalled(waiting))
  if (waiting !== null) keep({ waiting: null, lookedMs: null })
  const first = setTimeout(lookIfDue, firstMs)
  const timer = setInterval(lookIfDue, ifDueEveryMs)
  return {
    calls: {
      updates: present,
      async wantUpdates({ isWanted }) {
        if (!isWanted) await takeBack()
        else {
          keep({ isWanted: true })
          void look()
        }
        return present()
      },
      async lookForUpdate() {
        await look()
        return present()
      },
      downloadUpdate() {
        void download()
        return present()
      },
    },
    close() {
      clearTimeout(first)
      clearInterval(timer)
    },
  }
}

async function openUpdater(onProgress: (share: number) => void): Promise<AppUpdater> {
  const { autoUpdater } = (await import('electron-updater')).default
  autoUpdater.logger = null
  autoUpdater.autoDownload = false
  autoUpdater.disableWebInstaller = true
  // It would send a number that is always the same from this machine, for releases that reach only some.
  autoUpdater.requestHeaders = { 'x-user-staging-id': 'none' }
  autoUpdater.on('download-progress', ({ percent }) => onProgress(percent / 100))
  return autoUpdater
}

/** What this system would download, in bytes. */
function sizeOf({ files }: UpdateInfo): number | null {
  const linux = process.env.APPIMAGE === undefined ? '.deb' : '.AppImage'
  const end = { win32: '.exe', darwin: '.zip' }[process.platform as string] ?? linux
  const fitting = files.filter(({ url }) => url.endsWith(end))
  const chosen = fitting.find(({ url }) => url.includes(process.arch)) ?? fitting[0]
  return chosen?.size ?? null
}

function whyOf(thrown: unknown, { hosts }: UpdateFeed): string {
  const host = hosts[0]!
  const { code = '' } = thrown as { code?: string }
  const { message } = toErrorRecord(thrown)
  if (/CHECKSUM_MISMATCH|INVALID_SIGNATURE/.test(code)) return words.isWrong
  if (/NO_PUBLISHED|LATEST_VERSION_NOT_FOUND|CHANNEL_FILE_NOT_FOUND|NO_FILES/.test(code))
    return words.hasNone(host)
  if (/^net::|^E[A-Z]+$|HTTP_ERROR|timed out|aborted/.test(`${message}\n${code}`)) return words.noAnswer(host)
  return message.split('\n')[0]!
}
