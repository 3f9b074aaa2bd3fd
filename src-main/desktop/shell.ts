import { mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { app, BrowserWindow, dialog, Menu, Notification, nativeTheme } from 'electron'
import { z } from 'zod'
import { toErrorRecord } from '../contract/errors.ts'
import type { HostEvents } from '../contract/host-calls.ts'
import { builtPage } from '../host/built-page.ts'
import { createExchangedFiles } from '../host/exchanged-files.ts'
import { type HeldLibrary, holdLibrary } from '../host/held-library.ts'
import { createHostHandlers } from '../host/host-handlers.ts'
import { defaultDataDirectory } from '../processes/data-directory.ts'
import { forkLibrary, listBackupsInProcess, restoreInProcess, startProgramsBy } from '../processes/fork.ts'
import { desktopAbilities } from './abilities.ts'
import { readArguments } from './arguments.ts'
import { english } from './english.ts'
import { keepChoices } from './kept-choices.ts'
import { watchMachine } from './machine.ts'
import { menuTemplate } from './menu.ts'
import { pictureAddress, registerSchemes, servePageAndPictures } from './page-protocol.ts'
import { servePages } from './pages.ts'
import { progressShown } from './run-progress.ts'
import { confinePages } from './security.ts'
import { createTrash } from './trash.ts'
import { readUpdateFeed } from './update-feed.ts'
import { followUpdates } from './updates.ts'
import { startUtility, type UtilityProgram } from './utility-programs.ts'
import { openWindow } from './windows.ts'

const secondStart = z.object({ folders: z.array(z.string().min(1).max(4096)).max(100) })

/**
 * Opens the app: windows, menus and the system's ways. The library and its engine are processes of their own; what passes
 * between a page and the library does not pass here. A second start hands its folders over and ends.
 */
export function openShell(args: readonly string[]): void {
  const { libraryDirectory, folders } = readArguments(args, process.cwd())
  // Beside the library, so that each library has one app: its lock lies there.
  const ownDirectory = join(libraryDirectory, 'window')
  mkdirSync(ownDirectory, { recursive: true })
  app.setPath('userData', ownDirectory)
  if (!app.requestSingleInstanceLock({ folders })) {
    app.exit(0)
    return
  }
  app.enableSandbox()
  registerSchemes()
  const opening = app.whenReady().then(() => openApp(libraryDirectory, ownDirectory))
  opening.then(
    ({ addFolders }) => addFolders(folders),
    (thrown) => {
      const { message } = toErrorRecord(thrown)
      console.error(message)
      dialog.showErrorBox(app.getName(), message)
      app.exit(1)
    },
  )
  app.on('second-instance', (_event, _args, _directory, handedOver) => {
    const { data } = secondStart.safeParse(handedOver)
    void opening.then(({ addFolders, comeForward }) => {
      comeForward()
      return addFolders(data?.folders ?? [])
    })
  })
  // macOS: a folder was dropped on the app's picture.
  app.on('open-file', (event, path) => {
    event.preventDefault()
    void opening.then(({ addFolders }) => addFolders([path]))
  })
}

async function openApp(directory: string, ownDirectory: string) {
  const choices = keepChoices(join(ownDirectory, 'choices.json'))
  const files = createExchangedFiles()
  const page = builtPage()
  confinePages()

  let program: UtilityProgram | undefined
  startProgramsBy((path, options) =>
    startUtility(path, options, (code) => {
      if (code !== 0) pages.tell('told', { message: english.engineEnded })
    }),
  )
  const library = await holdLibrary(async () => {
    program = (await forkLibrary({
      directory,
      dataDirectory: defaultDataDirectory(),
      version: app.getVersion(),
    })) as UtilityProgram
    return program
  })
  const { calls } = library
  const trash = createTrash(calls, () => void calls.scan({}).catch(() => {}))
  const pages = servePages({
    handlersFor: (contents) =>
      createHostHandlers({
        library,
        about: { kind: 'desktop', version: app.getVersion(), directory, pictures: pictureAddress },
        files,
        backups: {
          list: () => listBackupsInProcess(directory),
          restore: async (backup) => void (await restoreInProcess(directory, backup)),
        },
        own: { ...desktopAbilities(contents, { calls, files, choices, trash }), ...updates?.calls },
        can: ['power', 'idle', 'dropFolder'],
        tell: (name, data) => pages.tellOne(contents, name as keyof HostEvents & string, data as never),
      }),
    onDrop: (paths) => void addFolders(paths),
  })
  pages.introduce(program!)
  const feed = app.isPackaged ? readUpdateFeed(process.resourcesPath) : null
  const updates =
    feed &&
    followUpdates({
      feed,
      choices,
      version: app.getVersion(),
      onChange: (present) => pages.tell('updatesChanged', present),
      tell: (message) => pages.tell('told', { message }),
    })
  servePageAndPictures(page, library)

  async function addFolders(paths: readonly string[]): Promise<void> {
    for (const path of paths) {
      try {
        if (!statSync(path, { throwIfNoEntry: false })?.isDirectory())
          throw new Error(english.notAFolder(path))
        const { joined } = await calls.addFolder({ path })
        if (joined.length > 0) pages.tell('told', { message: english.joined(path, joined.length) })
      } catch (thrown) {
        pages.tell('told', { message: toErrorRecord(thrown).message })
      }
    }
  }

  function open(): void {
    const window = openWindow(choices, () =>
      window.webContents.once('did-finish-load', () =>
        pages.tellOne(window.webContents, 'told', { message: english.pageEnded }),
      ),
    )
  }

  function comeForward(): void {
    const window = BrowserWindow.getFocusedWindow() ?? BrowserWindow.getAllWindows()[0]
    if (window?.isMinimized()) window.restore()
    if (window) window.focus()
    else open()
  }

  followLibrary(library, () => {
    pages.introduce(program!)
    pages.tell('libraryReopened', {})
  })
  library.onEvent((name, data) => {
    if (name === 'told') pages.tell(name, data as HostEvents['told'])
  })
  showMenu((id) => {
    const window = BrowserWindow.getFocusedWindow() ?? BrowserWindow.getAllWindows()[0]
    if (window) pages.tellOne(window.webContents, 'command', { id })
  }, open)
  app.on('activate', () => {
    if (BrowserWindow.getAllWindows().length === 0) open()
  })
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit()
  })
  endWith(async () => {
    updates?.close()
    await Promise.all([library.close(), files.close()])
  })
  open()
  return { addFolders, comeForward }
}

/** What the system shows of the library, and what the library is told of the machine. @param onReopened of its process */
function followLibrary(library: HeldLibrary, onReopened: () => void): void {
  const { calls } = library
  const machine = watchMachine(calls)
  const show = progressShown()
  let isPaused = false
  const takeTheme = () =>
    calls.preferences({}).then(
      ({ theme }) => {
        nativeTheme.themeSource = theme
      },
      () => {},
    )
  library.onEvent((name, data) => {
    if (name === 'libraryReopened') {
      onReopened()
      machine.tellAgain()
      void takeTheme()
    } else if (name === 'captioningChanged') isPaused = (data as { state: string }).state === 'paused'
    else if (name === 'preferencesChanged') void takeTheme()
    else if (name === 'progress') {
      const works = data as Parameters<typeof show>[0]
      const { bar, endedRun } = show(works)
      machine.workIs(works)
      for (const window of BrowserWindow.getAllWindows()) {
        window.setProgressBar(bar, { mode: isPaused ? 'paused' : 'normal' })
      }
      if (endedRun !== null && !isPaused && !BrowserWindow.getFocusedWindow()) tellOfRun(endedRun)
    }
  })
  void takeTheme()
}

function tellOfRun(photos: number): void {
  if (!Notification.isSupported()) return
  const { title, body } = english.runEnded
  new Notification({ title, body: body(new Intl.NumberFormat().format(photos)) }).show()
}

function showMenu(command: (id: string) => void, newWindow: () => void): void {
  const template = menuTemplate({
    platform: process.platform,
    name: app.getName(),
    hasTools: !app.isPackaged,
    command,
    addFolder: () => command('add-folder'),
    newWindow,
  })
  Menu.setApplicationMenu(Menu.buildFromTemplate(template))
}

/** Ends the app only when all is closed. */
function endWith(close: () => Promise<void>): void {
  let isClosed = false
  app.on('will-quit', (event) => {
    if (isClosed) return
    event.preventDefault()
    void close().finally(() => {
      isClosed = true
      app.quit()
    })
  })
}
