import { webSocketChannel } from '../src-main/channels/web-socket.ts'
import type { Channel } from '../src-main/contract/rpc.ts'
import { SessionEnded } from './connection.ts'
import { linesOfShell } from './shell-lines.ts'

/** The line of the host that drew this page: ports that Electron's preload hands over, or the server's own WebSocket. */
export function hostChannel(): Promise<Channel> {
  return 'lensloreHost' in window ? linesOfShell() : socketOfServer()
}

function socketOfServer(): Promise<Channel> {
  const { promise, resolve, reject } = Promise.withResolvers<Channel>()
  const socket = new WebSocket(new URL('api', location.href.replace(/^http/, 'ws')))
  let isOpen = false
  socket.addEventListener('open', () => {
    isOpen = true
    resolve(webSocketChannel(socket as never))
  })
  socket.addEventListener('close', () => {
    if (!isOpen) void whyRefused().then(reject)
  })
  return promise
}

/** A socket that is refused does not say why; the same address does when it is asked as a page. */
async function whyRefused(): Promise<Error> {
  const answer = await fetch('api', { method: 'HEAD' }).catch(() => null)
  return answer?.status === 401 ? new SessionEnded() : new Error('The server closed the line.')
}
