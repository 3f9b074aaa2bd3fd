import type { WebSocket } from 'ws'
import { z } from 'zod'
import { type WebSocketLike, webSocketChannel } from '../channels/web-socket.ts'
import { type Channel, type Handlers, serve } from '../contract/rpc.ts'
import type { TellWindow, WindowEvents } from '../host/held-library.ts'
import { type WindowCalls, windowCalls } from '../host/host-handlers.ts'

/** A page that has not answered for so long is gone. */
const beatMs = 30_000
/** A page that reads so little of what it is told is cut off, and asks for everything when it comes back. */
const unreadAtMostBytes = 64 * 1024 * 1024

const message = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('call'), id: z.int(), name: z.string().max(100), params: z.unknown() }),
  z.object({ kind: z.literal('cancel'), id: z.int() }),
])

/** Answers one page over its socket. @returns what tells it of events */
export function servePage(socket: WebSocket, handlers: Handlers<WindowCalls>): TellWindow {
  const { emit } = serve<WindowCalls, WindowEvents>(
    checked(webSocketChannel(socket as unknown as WebSocketLike), socket),
    windowCalls,
    handlers,
  )
  keepAlive(socket)
  return (name, data) => {
    if (socket.bufferedAmount > unreadAtMostBytes) socket.terminate()
    else emit(name, data)
  }
}

/** What is no message of a page ends its line. */
function checked(channel: Channel, socket: WebSocket): Channel {
  return {
    ...channel,
    onMessage(listener) {
      channel.onMessage((raw) => {
        const { success, data } = message.safeParse(raw)
        if (success) listener(data)
        else socket.close(1008, 'not understood')
      })
    },
  }
}

function keepAlive(socket: WebSocket): void {
  let isAlive = true
  socket.on('pong', () => {
    isAlive = true
  })
  const beating = setInterval(() => {
    if (!isAlive) socket.terminate()
    isAlive = false
    socket.ping()
  }, beatMs)
  socket.on('close', () => clearInterval(beating))
}
