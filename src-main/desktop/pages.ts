import { ipcMain, MessageChannelMain, type WebContents } from 'electron'
import { z } from 'zod'
import { portChannel } from '../channels/message-port.ts'
import { onlyCalls } from '../channels/page-messages.ts'
import { type HostCalls, type HostEvents, hostCalls } from '../contract/host-calls.ts'
import { type Handlers, serve } from '../contract/rpc.ts'
import { isFromPage } from './security.ts'
import type { UtilityProgram } from './utility-programs.ts'

const droppedPaths = z.array(z.string().min(1).max(4096)).min(1).max(100)

type TellHost = <Name extends keyof HostEvents & string>(name: Name, data: HostEvents[Name]) => void

export interface Pages {
  /** Every page. */
  tell: TellHost
  /** One of them. */
  tellOne(contents: WebContents, ...event: Parameters<TellHost>): void
  /** Another library's process: each page gets a line to it. */
  introduce(library: UtilityProgram): void
}

export interface PagesOptions {
  /** What the host answers to this page. */
  handlersFor(contents: WebContents): Handlers<HostCalls>
  /** Paths of what a person dropped on a window. */
  onDrop(paths: readonly string[]): void
}

/**
 * Introduces pages: each gets a line to its host, here, and one to the library's process, over which nothing passes through
 * here. A page that asks again gets new ones.
 */
export function servePages({ handlersFor, onDrop }: PagesOptions): Pages {
  const lines = new Map<WebContents, TellHost>()
  let library: UtilityProgram | undefined
  /** What was to be told while nobody was there to read it. */
  let untold: string[] = []

  function openHostLine(contents: WebContents): void {
    const { port1, port2 } = new MessageChannelMain()
    const channel = portChannel(port1 as never)
    const { emit } = serve<HostCalls, HostEvents>(onlyCalls(channel), hostCalls, handlersFor(contents))
    lines.set(contents, emit)
    for (const message of untold) emit('told', { message })
    untold = []
    channel.onClose(() => {
      if (lines.get(contents) === emit) lines.delete(contents)
    })
    contents.postMessage('lenslore:line', 'host', [port2])
  }

  function openLibraryLine(contents: WebContents): void {
    if (!library) return
    const { port1, port2 } = new MessageChannelMain()
    library.introduce(port1)
    contents.postMessage('lenslore:line', 'library', [port2])
  }

  ipcMain.on('lenslore:ask', (event) => {
    if (!isFromPage(event)) return
    openHostLine(event.sender)
    openLibraryLine(event.sender)
  })
  ipcMain.on('lenslore:drop', (event, dropped: unknown) => {
    const { success, data } = droppedPaths.safeParse(dropped)
    if (isFromPage(event) && success) onDrop(data)
  })

  return {
    tell(name, data) {
      if (lines.size === 0 && name === 'told') untold.push((data as HostEvents['told']).message)
      for (const emit of lines.values()) emit(name, data)
    },
    tellOne: (contents, name, data) => lines.get(contents)?.(name, data),
    introduce(present) {
      library = present
      for (const contents of lines.keys()) openLibraryLine(contents)
    },
  }
}
