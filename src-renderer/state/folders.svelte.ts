import type { Host } from '../../src-main/contract/host-calls.ts'
import type { AddedFolder, Folder } from '../../src-main/contract/records.ts'
import type { Api } from '../connection.ts'
import { text } from '../text/text.ts'
import { folderNames } from './folder-names.ts'
import type { Notices } from './notices.svelte.ts'

/** A folder is to be chosen among those that the host lists: to add it, or because `moved` is there now. */
export interface FolderChoice {
  moved: Folder | null
}

/** Adds folders and finds them again, by the system's dialog or, where the host has none, from its list. */
export class FoldersState {
  #choice = $state.raw<FolderChoice | null>(null)
  readonly #api: Api
  readonly #host: Host
  readonly #notices: Notices

  constructor(api: Api, host: Host, notices: Notices) {
    this.#api = api
    this.#host = host
    this.#notices = notices
  }

  /** What the list of the host is open for. */
  get choice(): FolderChoice | null {
    return this.#choice
  }

  add(): void {
    this.#choose(null)
  }

  relocate(folder: Folder): void {
    this.#choose(folder)
  }

  #choose(moved: Folder | null): void {
    if (!this.#host.can.includes('dialog')) {
      this.#choice = { moved }
      return
    }
    void (moved
      ? this.#relocated(this.#api.relocateFolderByDialog({ folderId: moved.id }))
      : this.#added(this.#api.chooseFolder({})))
  }

  /** One of the host's list was chosen. */
  async take(token: string): Promise<void> {
    const moved = this.#choice?.moved ?? null
    this.#choice = null
    await (moved
      ? this.#relocated(this.#api.relocateToListed({ folderId: moved.id, token }))
      : this.#added(this.#api.addListedFolder({ token })))
  }

  leaveChoice(): void {
    this.#choice = null
  }

  async #relocated(work: Promise<Folder | null>): Promise<void> {
    const folder = await this.#notices.orTell(work)
    if (folder) this.#notices.tell(text.work.folders.relocated(nameOf(folder)))
  }

  async #added(work: Promise<AddedFolder | null>): Promise<void> {
    const folder = await this.#notices.orTell(work)
    if (folder && folder.joined.length > 0)
      this.#notices.tell(text.work.folders.joined(nameOf(folder), folder.joined.length))
  }
}

function nameOf(folder: Folder): string {
  return folderNames([folder]).get(folder.id)!
}
