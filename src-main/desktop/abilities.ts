import { basename } from 'node:path'
import { app, BrowserWindow, dialog, nativeImage, shell, type WebContents } from 'electron'
import { LensloreError } from '../contract/errors.ts'
import type { ChosenFile, HostCalls } from '../contract/host-calls.ts'
import { tableFormat } from '../contract/rooms/exchange.ts'
import type { Handlers } from '../contract/rpc.ts'
import { adapterFileName, type ExchangedFiles } from '../host/exchanged-files.ts'
import type { LibraryClient } from '../host/held-library.ts'
import { selectedPhotos } from '../host/selected-photos.ts'
import { english } from './english.ts'
import type { KeptChoices } from './kept-choices.ts'
import { mapAddress } from './map-address.ts'
import { systemPath } from './system-path.ts'
import type { Trash } from './trash.ts'
import { iconFile } from './windows.ts'

export interface AbilitiesOptions {
  calls: LibraryClient
  files: ExchangedFiles
  choices: KeptChoices
  trash: Trash
}

/** What the desktop alone does for a page: dialogs over its window, and the system's programs. No path goes to the page. */
export function desktopAbilities(
  contents: WebContents,
  { calls, files, choices, trash }: AbilitiesOptions,
): Partial<Handlers<HostCalls>> {
  const window = () => BrowserWindow.fromWebContents(contents) ?? undefined

  async function openDialog(options: Electron.OpenDialogOptions): Promise<string | undefined> {
    const { filePaths } = await withParent(dialog.showOpenDialog, window(), options)
    return filePaths[0]
  }

  async function saveDialog(title: string, defaultPath: string): Promise<string | undefined> {
    const { filePath } = await withParent(dialog.showSaveDialog, window(), { title, defaultPath })
    return filePath || undefined
  }

  async function chooseFile(
    { title, button, filter }: { title: string; button: string; filter: string },
    extensions: string[],
  ): Promise<ChosenFile | null> {
    const path = await openDialog({
      title,
      buttonLabel: button,
      properties: ['openFile'],
      filters: [{ name: filter, extensions }],
    })
    return path === undefined ? null : { token: files.add(path), name: basename(path) }
  }

  async function mayOpen(host: string): Promise<boolean> {
    if (choices.present.mapHosts.includes(host)) return true
    const words = english.map
    const { response, checkboxChecked } = await withParent(dialog.showMessageBox, window(), {
      type: 'question',
      message: words.message(host),
      detail: words.detail,
      buttons: [words.open, words.cancel],
      defaultId: 1,
      cancelId: 1,
      checkboxLabel: words.remember,
    })
    if (response !== 0) return false
    if (checkboxChecked) choices.keep({ mapHosts: [...choices.present.mapHosts, host] })
    return true
  }

  const fileOf = async (photo: number, signal: AbortSignal) =>
    systemPath((await calls.photoFile({ photo }, { signal })).path)

  return {
    async chooseFolder(_, signal) {
      const { title, button } = english.chooseFolder
      const path = await openDialog({
        title,
        buttonLabel: button,
        properties: ['openDirectory', 'createDirectory'],
      })
      return path === undefined ? null : calls.addFolder({ path }, { signal })
    },
    async relocateFolderByDialog({ folderId }, signal) {
      const { title, button } = english.relocate
      const path = await openDialog({ title, buttonLabel: button, properties: ['openDirectory'] })
      return path === undefined ? null : calls.relocateFolder({ folderId, path }, { signal })
    },
    async reveal({ photo }, signal) {
      shell.showItemInFolder(await fileOf(photo, signal))
      return null
    },
    async openWithOther({ photo }, signal) {
      const reason = await shell.openPath(await fileOf(photo, signal))
      if (reason) throw new LensloreError('HOST_CANNOT', english.noOtherProgram(reason))
      return null
    },
    async openMap({ photo }, signal) {
      const { latitude, longitude } = await calls.photo({ photo }, { signal })
      if (latitude === null || longitude === null) throw new LensloreError('HOST_CANNOT', english.noPlace)
      const { host, address } = mapAddress(latitude, longitude, {
        platform: process.platform,
        mapProgram: app.getApplicationNameForProtocol('geo:'),
      })
      if (await mayOpen(host)) await shell.openExternal(address)
      return null
    },
    trash: trash.throwAway,
    ...(trash.bringBack && { untrash: trash.bringBack }),
    async dragOut({ selection }, signal) {
      const photos = await selectedPhotos(calls, selection, signal)
      const files = await Promise.all(photos.map((photo) => fileOf(photo, signal)))
      const icon = nativeImage.createFromPath(iconFile).resize({ width: 64 })
      contents.startDrag({ file: files[0]!, files, icon })
      return null
    },
    async saveTable({ format }, signal) {
      const { title, name } = english.saveTable
      const path = await saveDialog(title, `${name}.${format}`)
      if (path === undefined) return null
      return { photos: await calls.exportTable({ path, format }, { signal }), address: null }
    },
    async saveStacks({ format }, signal) {
      const { title, name } = english.saveStacks
      const path = await saveDialog(title, `${name}.${format}`)
      if (path === undefined) return null
      return { photos: await calls.exportStacks({ path, format }, { signal }), address: null }
    },
    chooseTable: () => chooseFile(english.chooseTable, tableFormat.options),
    async saveAdapter({ adapter }, signal) {
      const path = await saveDialog(english.saveAdapter.title, adapterFileName(adapter))
      if (path === undefined) return null
      const { names } = await calls.exportAdapter({ adapter, path }, { signal })
      return { names, address: null }
    },
    chooseAdapter: () => chooseFile(english.chooseAdapter, ['safetensors']),
  }
}

/** A dialog belongs to its window, as long as there is one. */
function withParent<Options, Answer>(
  show: { (window: BrowserWindow, options: Options): Promise<Answer>; (options: Options): Promise<Answer> },
  window: BrowserWindow | undefined,
  options: Options,
): Promise<Answer> {
  return window ? show(window, options) : show(options)
}
