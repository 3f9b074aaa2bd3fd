import type { WebSocket } from 'ws'
import { onlyCalls } from '../channels/page-messages.ts'
import { type WebSocketLike, webSocketChannel } from '../channels/web-socket.ts'
import { type Handlers, serve } from '../contract/rpc.ts'
import { type WindowCalls, type WindowEvents, windowCalls } from '../contract/window-calls.ts'
import type { TellWindow } from '../host/held-library.ts'

/** A page that has not answered for so long is gone. */
const beatMs = 30_000
/** A page that reads so little of what it is told is cut off, and asks for everything when it comes back. */
const unreadAtMostBytes = 64 * 1024 * 1024

/** Of the range for programs: the page may not come back by itself. */
const endedCode = 4401

export interface PageLine {
  tell: TellWindow
  end(): void
}

/** Answers one page over its socket. @param onSeen told now and then while it is there */
export function servePage(socket: WebSocket, handlers: Handlers<WindowCalls>, onSeen: () => void): PageLine {
  const { emit } = serve<WindowCalls, WindowEvents>(
    onlyCalls(webSocketChannel(socket as unknown as WebSocketLike), () =>
      socket.close(1008, 'not understood'),
    ),
    windowCalls,
    handlers,
  )
  keepAlive(socket, onSeen)
  return {
    tell(name, data) {
      if (socket.bufferedAmount > unreadAtMostBytes) socket.terminate()
      else emit(name, data)
    },
    end: () => socket.close(endedCode, 'The session was ended.'),
  }
}

function keepAlive(socket: WebSocket, onSeen: () => void): void {
  let isAlive = true
  socket.on('pong', () => {
    isAlive = true
    onSeen()
  })
  const beating = setInterval(() => {
    if (!isAlive) socket.terminate()
    isAlive = false
    socket.ping()
  }, beatMs)
  socket.on('close', () => clearInterval(beating))
}
