import { getContext, setContext } from 'svelte'

const sideKey = 'lenslore.sidebar'

/** What of the frame is shown. */
export class FrameState {
  #isSideShown = $state(localStorage.getItem(sideKey) !== 'hidden')
  #overlay = $state.raw<'palette' | 'shortcuts' | null>(null)

  get isSideShown(): boolean {
    return this.#isSideShown
  }

  get overlay(): 'palette' | 'shortcuts' | null {
    return this.#overlay
  }

  toggleSide(): void {
    this.#isSideShown = !this.#isSideShown
    localStorage.setItem(sideKey, this.#isSideShown ? 'shown' : 'hidden')
  }

  open(overlay: 'palette' | 'shortcuts'): void {
    this.#overlay = overlay
  }

  close(): void {
    this.#overlay = null
  }
}

const key = Symbol('frame')

export function provideFrame(frame: FrameState): FrameState {
  return setContext(key, frame)
}

export function useFrame(): FrameState {
  return getContext<FrameState>(key)
}
