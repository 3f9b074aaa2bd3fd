import { getContext, setContext } from 'svelte'
import type { Host, hostAbilities } from '../../src-main/contract/host-calls.ts'
import { type PictureKind, photoAddress } from '../../src-main/contract/photo-address.ts'
import type { Api } from '../connection.ts'
import { Commands } from './commands.svelte.ts'
import { EditsState } from './edits.svelte.ts'
import { FoldersState } from './folders.svelte.ts'
import { LibraryPlaces } from './library-places.svelte.ts'
import type { Notices } from './notices.svelte.ts'
import { PreferencesState } from './preferences.svelte.ts'
import { Router } from './route.svelte.ts'
import { WorkState } from './work.svelte.ts'

/** What every part of the window stands on; made once, and had by `useWindow`. */
export class WindowState {
  readonly api: Api
  readonly host: Host
  readonly router = new Router()
  readonly commands = new Commands()
  readonly notices: Notices
  readonly work: WorkState
  readonly preferences: PreferencesState
  readonly edits: EditsState
  readonly places: LibraryPlaces
  readonly folders: FoldersState

  constructor(api: Api, host: Host, notices: Notices) {
    this.api = api
    this.host = host
    this.notices = notices
    this.work = new WorkState(api, this.notices)
    this.preferences = new PreferencesState(api, this.notices)
    this.edits = new EditsState(api, this.notices)
    this.folders = new FoldersState(api, host, this.notices)
    this.places = new LibraryPlaces(api, this.notices)
    api.on('command', ({ id }) => this.commands.run(id))
  }

  /** Whether this host can do something; what it cannot is not shown. */
  can(ability: (typeof hostAbilities)[number]): boolean {
    return this.host.can.includes(ability)
  }

  /** The address of a photo's picture. @param hash the first 16 hex digits of its content's hash, where known */
  pictureOf(photo: number, hash: string | null, kind: PictureKind): string {
    return `${this.host.pictures}/${photoAddress({ photo, hash, kind })}`
  }
}

const key = Symbol('window')

export function provideWindow(state: WindowState): WindowState {
  return setContext(key, state)
}

export function useWindow(): WindowState {
  return getContext<WindowState>(key)
}

/** For what a window has one of from when it is first asked for. @returns what has it, as `useWindow` has the window */
export function perWindow<State>(make: (window: WindowState) => State): () => State {
  const states = new WeakMap<WindowState, State>()
  return () => {
    const window = useWindow()
    const state = states.get(window) ?? make(window)
    states.set(window, state)
    return state
  }
}
