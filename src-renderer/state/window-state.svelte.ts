import { getContext, setContext } from 'svelte'
import type { Host } from '../../src-main/contract/host-calls.ts'
import type { Api } from '../connection.ts'
import { Commands } from './commands.svelte.ts'
import { Router } from './route.svelte.ts'

/** What every part of the window stands on; made once, and had by `useWindow`. */
export class WindowState {
  readonly api: Api
  readonly host: Host
  readonly router = new Router()
  readonly commands = new Commands()

  constructor(api: Api, host: Host) {
    this.api = api
    this.host = host
  }

  /** The address of a photo's picture. @param hash the first 16 hex digits of its content's hash, where known */
  pictureOf(photo: number, hash: string | null, kind: 'thumb' | 'full'): string {
    return `${this.host.pictures}/${photo}/${hash ?? '-'}/${kind}`
  }
}

const key = Symbol('window')

export function provideWindow(state: WindowState): WindowState {
  return setContext(key, state)
}

export function useWindow(): WindowState {
  return getContext<WindowState>(key)
}
