import type { IncomingMessage, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { createAdaptorServer } from '@hono/node-server'
import { serveStatic } from '@hono/node-server/serve-static'
import { Hono } from 'hono'
import { WebSocketServer } from 'ws'
import type { Handlers } from '../contract/rpc.ts'
import type { HeldLibrary, TellWindow } from '../host/held-library.ts'
import type { WindowCalls } from '../host/host-handlers.ts'
import { loopbackPlace, type Place, refusalOf } from './gate.ts'
import { servePage } from './page-line.ts'
import { answerPicture } from './picture-answers.ts'
import { securityHeaders } from './security-headers.ts'

/** A thousand captions of ten thousand characters each, the most that one call can be. */
const messageAtMostBytes = 40 * 1024 * 1024

export interface ServerOptions {
  library: HeldLibrary
  handlers: Handlers<WindowCalls>
  /** Folder of the built page. */
  page: string
  port: number
}

export interface RunningServer {
  port: number
  tell: TellWindow
  close(): Promise<void>
}

/** Serves the window to browsers of this machine. @throws Error with the system's `code` where the port cannot be had */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { library, handlers, page } = options
  let place: Place
  const app = new Hono()
  app.use(async (context, next) => {
    const { req } = context
    const refusal = refusalOf(
      { method: req.method, path: req.path, header: (name) => req.header(name) },
      place,
    )
    if (refusal) context.res = new Response(refusal, { status: 403 })
    else await next()
    for (const [name, value] of Object.entries(securityHeaders)) context.res.headers.set(name, value)
  })
  app.get('/library/*', ({ req }) =>
    answerPicture(library, req.path.slice('/library/'.length), req.header('if-none-match')),
  )
  app.use(
    '*',
    serveStatic({
      root: page,
      onFound(path, context) {
        context.header(
          'cache-control',
          /[\\/]assets[\\/]/.test(path) ? 'private, max-age=31536000, immutable' : 'no-cache',
        )
      },
    }),
  )

  const server = createAdaptorServer({ fetch: app.fetch }) as Server
  const sockets = new WebSocketServer({ noServer: true, maxPayload: messageAtMostBytes })
  const pages = new Set<TellWindow>()
  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    const path = request.url ?? ''
    const header = (name: string) => request.headers[name]?.toString()
    const refusal = refusalOf({ method: 'GET', path, header, isWebSocket: true }, place)
    if (refusal || path !== '/api') {
      stream.end(`HTTP/1.1 ${refusal ? '403 Forbidden' : '404 Not Found'}\r\nConnection: close\r\n\r\n`)
      return
    }
    sockets.handleUpgrade(request, stream, head, (socket) => {
      const tell = servePage(socket, handlers)
      pages.add(tell)
      socket.on('close', () => pages.delete(tell))
    })
  })
  const tell: TellWindow = (name, data) => {
    for (const page of pages) page(name, data)
  }
  const stopTelling = library.onEvent(tell)

  await listen(server, options.port)
  const { port } = server.address() as AddressInfo
  place = loopbackPlace(port)
  return {
    port,
    tell,
    async close() {
      stopTelling()
      for (const socket of sockets.clients) socket.terminate()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function listen(server: Server, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(port, '127.0.0.1', resolve)
  await promise
  server.off('error', reject)
}
