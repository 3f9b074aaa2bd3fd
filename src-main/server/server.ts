import { createServer, type IncomingMessage, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { getRequestListener } from '@hono/node-server'
import { parse as parseCookies } from 'hono/utils/cookie'
import { WebSocketServer } from 'ws'
import { LensloreError } from '../contract/errors.ts'
import type { Handlers } from '../contract/rpc.ts'
import type { WindowCalls } from '../contract/window-calls.ts'
import type { ExchangedFiles } from '../host/exchanged-files.ts'
import type { HeldLibrary, TellWindow } from '../host/held-library.ts'
import { createApp } from './app.ts'
import { type Place, refusalOf } from './gate.ts'
import { linksIn } from './links.ts'
import { serverFolder } from './owner-files.ts'
import { type PageLine, servePage } from './page-line.ts'
import { hasPassword, isPassword } from './password.ts'
import type { Reach } from './reach.ts'
import { makeLink, noteRunning } from './running-servers.ts'
import { type Session, type Sessions, sessionsIn } from './sessions.ts'
import { createSignInTries } from './sign-in-tries.ts'

/** A thousand captions of ten thousand characters each, the most that one call can be. */
const messageAtMostBytes = 40 * 1024 * 1024

export interface ServerOptions {
  directory: string
  library: HeldLibrary
  handlers: Handlers<WindowCalls>
  files: ExchangedFiles
  /** Folder of the built page. */
  page: string
  reach: Reach
  /** To be tried in this order. */
  ports: readonly number[]
}

export interface RunningServer {
  port: number
  /** Opens the window, once. */
  link: string
  tell: TellWindow
  close(): Promise<void>
}

/**
 * Serves the window to browsers.
 * @throws LensloreError `HOST_CANNOT` where no port can be had; `DISK_FULL`, `WRITE_FAILED`
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { reach } = options
  const server = reach.tls ? createTlsServer(reach.tls) : createServer()
  const port = await listen(server, reach.host, options.ports)
  try {
    return answerOn(server, port, options)
  } catch (thrown) {
    server.close()
    throw thrown
  }
}

/** In one turn, so that nobody comes before there is an answer. */
function answerOn(server: Server, port: number, options: ServerOptions): RunningServer {
  const { directory, library, handlers, reach } = options
  const folder = serverFolder(directory, port)
  const sessions = sessionsIn(folder)
  const place = reach.place(port)
  const cookie = `${place.protocol === 'https:' ? '__Host-' : ''}lenslore-${port}`
  const app = createApp({
    ...options,
    place,
    cookie,
    sessions,
    links: linksIn(folder),
    password: {
      isSet: () => hasPassword(directory),
      isRight: (password) => isPassword(directory, password),
      tries: createSignInTries(),
    },
    isBehindProxy: reach.isBehindProxy,
  })
  server.on('request', getRequestListener(app.fetch))
  const pages = servePages({ server, place, cookie, sessions, handlers })
  const stopTelling = library.onEvent(pages.tell)
  const noLongerRunning = noteRunning(directory, port, reach.address(port))
  return {
    port,
    link: makeLink(directory, port),
    tell: pages.tell,
    async close() {
      noLongerRunning()
      stopTelling()
      pages.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

interface PagesOptions {
  server: Server
  place: Place
  cookie: string
  sessions: Sessions
  handlers: Handlers<WindowCalls>
}

/** The pages that are open, each over a socket of its session. */
function servePages({ server, place, cookie, sessions, handlers }: PagesOptions) {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: messageAtMostBytes })
  const pages = new Set<PageLine & { session: string }>()

  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    stream.on('error', () => stream.destroy())
    const path = request.url ?? ''
    const header = (name: string) => request.headers[name]?.toString()
    const refusal = refusalOf({ method: 'GET', path, header, isWebSocket: true }, place)
    const session = sessions.find(parseCookies(header('cookie') ?? '', cookie)[cookie])
    if (refusal) refuse(stream, '403 Forbidden')
    else if (!session) refuse(stream, '401 Unauthorized')
    else if (path !== '/api') refuse(stream, '404 Not Found')
    else {
      sockets.handleUpgrade(request, stream, head, (socket) => {
        const page = servePage(socket, { ...handlers, ...sessionHandlers(session) }, () =>
          sessions.seen(session.id),
        )
        const mine = { ...page, session: session.id }
        pages.add(mine)
        socket.on('close', () => pages.delete(mine))
      })
    }
  })
  sessions.onEnd((id) => {
    for (const page of pages) if (page.session === id) page.end()
  })

  function sessionHandlers(own: Session): Pick<Handlers<WindowCalls>, 'sessions' | 'endSession'> {
    return {
      sessions: () =>
        sessions.list().map(({ id, createdMs, seenMs }) => ({ id, createdMs, seenMs, isOwn: id === own.id })),
      endSession({ id }) {
        sessions.end(id)
        return null
      },
    }
  }

  return {
    tell: ((name, data) => {
      for (const page of pages) page.tell(name, data)
    }) as TellWindow,
    close() {
      for (const socket of sockets.clients) socket.terminate()
    },
  }
}

function refuse(stream: Duplex, status: string): void {
  stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

async function listen(server: Server, host: string, ports: readonly number[]): Promise<number> {
  let problem: NodeJS.ErrnoException | undefined
  for (const port of ports) {
    const { promise, resolve } = Promise.withResolvers<NodeJS.ErrnoException | undefined>()
    server.once('error', resolve)
    server.listen(port, host, () => resolve(undefined))
    problem = await promise
    if (!problem) return (server.address() as AddressInfo).port
  }
  const where = ports.length === 1 ? `Port ${ports[0]} of ${host}` : `No port of ${host} from ${ports[0]} on`
  const why =
    problem?.code === 'EADDRINUSE' ? 'is taken by another program' : `is to be had (${problem?.code})`
  throw new LensloreError('HOST_CANNOT', `${where} ${why}; say another one with --port.`, { cause: problem })
}
