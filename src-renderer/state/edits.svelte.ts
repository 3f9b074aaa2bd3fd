import type { EditName } from '../../src-main/contract/rooms/captions.ts'
import type { Api } from '../connection.ts'
import { text } from '../text/text.ts'
import type { Notices } from './notices.svelte.ts'

/** The person's last edit, which can be taken back, and the one that can be brought back. */
export class EditsState {
  #last = $state.raw<{ undo: EditName | null; redo: EditName | null }>({ undo: null, redo: null })
  readonly #api: Api
  readonly #notices: Notices

  constructor(api: Api, notices: Notices) {
    this.#api = api
    this.#notices = notices
    for (const event of ['editChanged', 'changedElsewhere', 'libraryReopened'] as const) {
      api.on(event, () => void this.read())
    }
  }

  get undoable(): EditName | null {
    return this.#last.undo
  }

  get redoable(): EditName | null {
    return this.#last.redo
  }

  async read(): Promise<void> {
    this.#last = (await this.#notices.orTell(this.#api.lastEdit({}))) ?? this.#last
  }

  async undo(): Promise<void> {
    const { undo } = this.#last
    const change = await this.#notices.orTell(this.#api.undoEdit({}))
    if (change === undefined) return
    this.#notices.tell(change && undo ? text.edits.undone(undo) : text.edits.nothingToUndo)
  }

  async redo(): Promise<void> {
    const { redo } = this.#last
    const change = await this.#notices.orTell(this.#api.redoEdit({}))
    if (change === undefined) return
    this.#notices.tell(change && redo ? text.edits.redone(redo) : text.edits.nothingToRedo)
  }
}
