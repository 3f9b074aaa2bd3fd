import { type WindowPortLike, windowPortChannel } from '../src-main/channels/window-port.ts'
import type { Channel } from '../src-main/contract/rpc.ts'
import { joinLines } from './join-lines.ts'

declare global {
  interface Window {
    /** Of Electron's preload, which answers with messages of this window to itself. */
    lensloreHost?: { askForLines(): void }
  }
}

/** The two lines that Electron's main introduces this page to, as one: to itself, and to the library's process. */
export function linesOfShell(): Promise<Channel> {
  const { promise, resolve } = Promise.withResolvers<Channel>()
  let takeLibrary: ((line: Channel) => void) | undefined
  function hear({ source, data, ports: [port] }: MessageEvent): void {
    if (source !== window || !port) return
    const line = () => windowPortChannel(port as unknown as WindowPortLike)
    if (data === 'lenslore:host') {
      const joined = joinLines(line())
      takeLibrary = joined.takeLibrary
      joined.channel.onClose(() => window.removeEventListener('message', hear))
      resolve(joined.channel)
    } else if (data === 'lenslore:library') takeLibrary?.(line())
  }
  window.addEventListener('message', hear)
  window.lensloreHost!.askForLines()
  return promise
}
