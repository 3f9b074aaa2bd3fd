import { statSync } from 'node:fs'
import { basename, extname, join } from 'node:path'
import { LensloreError } from '../contract/errors.ts'
import { type Host, type HostCalls, hostAbilities, hostCalls } from '../contract/host-calls.ts'
import { type PageCalls, pageCalls } from '../contract/library-calls.ts'
import { tableFormat } from '../contract/rooms/exchange.ts'
import type { Handlers } from '../contract/rpc.ts'
import type { WindowCalls } from '../contract/window-calls.ts'
import type { ExchangedFiles } from './exchanged-files.ts'
import type { HeldLibrary, TellWindow } from './held-library.ts'
import type { ListedFolders } from './listed-folders.ts'

export interface HostOptions {
  library: HeldLibrary
  about: Pick<Host, 'kind' | 'version' | 'directory' | 'pictures'>
  /** Left out where folders are chosen by dialog alone. */
  folders?: ListedFolders
  files: ExchangedFiles
  backups: {
    /** Paths, the newest first. */
    list(): Promise<string[]>
    /** While nobody has the library open. */
    restore(backup: string): Promise<void>
  }
  /** What this host alone does; what it does not is refused, and its ability is not offered. */
  own: Partial<Handlers<HostCalls>>
  /** Abilities without a call, or whose calls each window has of its own. */
  can?: Host['can']
  /** Every window. */
  tell: TellWindow
}

/** What a host answers to its windows over one line: the library's own calls, passed on, and its own. */
export function createWindowHandlers(options: HostOptions): Handlers<WindowCalls> {
  return { ...passOn(options.library), ...createHostHandlers(options) }
}

/** What a host answers to its windows about folders, files and the system. */
export function createHostHandlers(options: HostOptions): Handlers<HostCalls> {
  const { library, folders, files, own } = options
  const { calls } = library
  const handlers: Partial<Handlers<HostCalls>> = {
    ...(folders && {
      listFolders: ({ token }) => folders.list(token),
      addListedFolder: async ({ token }, signal) =>
        calls.addFolder({ path: await folders.pathOf(token) }, { signal }),
      relocateToListed: async ({ folderId, token }, signal) =>
        calls.relocateFolder({ folderId, path: await folders.pathOf(token) }, { signal }),
    }),
    ...createBackupHandlers(options),
    planChosenTable: ({ table, as }, signal) =>
      calls.planTableImport({ ...tableAt(files.find(table)), as }, { signal }),
    importChosenTable: ({ table, as }, signal) =>
      calls.importTable({ ...tableAt(files.find(table)), as }, { signal }),
    importChosenAdapter: ({ file }, signal) => calls.importAdapter({ path: files.find(file) }, { signal }),
    reset: (_, signal) => resetLibrary(options, signal),
    ...own,
  }
  const can = hostAbilities.filter(
    (ability) => options.can?.includes(ability) || handlers[callOf[ability] ?? 'host'] !== undefined,
  )
  const host = { ...options.about, can }
  return {
    ...refuseAll(),
    ...handlers,
    host: () => host,
  }
}

/** The call that an ability stands for. */
const callOf: Partial<Record<Host['can'][number], keyof HostCalls>> = {
  dialog: 'chooseFolder',
  listFolders: 'listFolders',
  reveal: 'reveal',
  openWithOther: 'openWithOther',
  openMap: 'openMap',
  trash: 'trash',
  untrash: 'untrash',
  dragOut: 'dragOut',
  backups: 'backups',
  reset: 'reset',
  tables: 'saveTable',
  adapters: 'saveAdapter',
  updates: 'updates',
}

/** What no name says is read as CSV, which says itself where it is none. */
function tableAt(path: string) {
  const { data: format = 'csv' } = tableFormat.safeParse(extname(path).slice(1).toLowerCase())
  return { path, format }
}

function passOn({ calls }: HeldLibrary): Handlers<PageCalls> {
  return Object.fromEntries(
    Object.keys(pageCalls).map((name) => [
      name,
      (params: never, signal: AbortSignal) => calls[name as keyof PageCalls](params, { signal }),
    ]),
  ) as unknown as Handlers<PageCalls>
}

function refuseAll(): Handlers<HostCalls> {
  return Object.fromEntries(
    Object.keys(hostCalls).map((name) => [
      name,
      () => {
        throw new LensloreError('HOST_CANNOT', 'This is not possible from here.')
      },
    ]),
  ) as unknown as Handlers<HostCalls>
}

function createBackupHandlers({ library, backups }: HostOptions) {
  return {
    async backups() {
      return (await backups.list()).map((file) => {
        const { size, mtimeMs } = statSync(file)
        return { name: basename(file), createdMs: mtimeMs, sizeBytes: size }
      })
    },
    async restore({ name }) {
      const backup = (await backups.list()).find((file) => basename(file) === name)
      if (!backup) throw new LensloreError('FILE_NOT_FOUND', 'There is no such backup.')
      await library.whileClosed(() => backups.restore(backup))
      return null
    },
  } satisfies Partial<Handlers<HostCalls>>
}

async function resetLibrary({ library, about, tell }: HostOptions, signal: AbortSignal): Promise<null> {
  const { calls } = library
  const time = new Date().toISOString().slice(0, 19).replaceAll(':', '-')
  const path = join(about.directory, `captions-before-reset-${time}.csv`)
  await calls.backUp({}, { signal })
  await calls.exportTable({ path, format: 'csv' }, { signal })
  for (const { id } of await calls.folders({}, { signal })) {
    await calls.removeFolder({ folderId: id }, { signal })
  }
  tell('told', { message: `All captions of before are in ${path}.` })
  return null
}
