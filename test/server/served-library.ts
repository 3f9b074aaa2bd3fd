import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { type IncomingHttpHeaders, type RequestOptions, request } from 'node:http'
import { request as tlsRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { WebSocket } from 'ws'
import { type WebSocketLike, webSocketChannel } from '../../src-main/channels/web-socket.ts'
import { type Client, connect } from '../../src-main/contract/rpc.ts'
import { type WindowCalls, type WindowEvents, windowCalls } from '../../src-main/contract/window-calls.ts'
import { type ServeLibraryOptions, serveLibrary } from '../../src-main/server/serve-library.ts'

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
}

export type Page = Client<WindowCalls, WindowEvents> & { closed: Promise<number>; close(): void }

export interface Folders {
  home: string
  photos: string
  directory: string
  page: string
}

export interface ServedLibrary extends Folders {
  port: number
  /** Of the link that the server printed. */
  secret: string
  /** Sends exactly this. */
  ask(path: string, options?: Asked): Promise<Answer>
  /** Uses a link as a browser does. @returns the cookie that it got */
  enter(secret?: string): Promise<string>
  openPage(cookie: string, headers?: Record<string, string>): Promise<Page>
  close(): Promise<void>
}

export interface Asked {
  method?: string
  headers?: Record<string, string>
  body?: string | Buffer
}

/** A folder for photos, one for a library and a page of two files, gone when the test is over. */
export function makeFolders(t: TestContext): Folders {
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'lenslore-')))
  const folders = {
    home,
    photos: join(home, 'photos'),
    directory: join(home, 'library'),
    // A folder above it may be called as one in it is.
    page: join(home, 'assets', 'page'),
  }
  mkdirSync(folders.photos)
  mkdirSync(join(folders.page, 'assets'), { recursive: true })
  writeFileSync(join(folders.page, 'index.html'), '<!doctype html><title>The window</title>')
  writeFileSync(join(folders.page, 'assets', 'window-1a2b.js'), 'export {}')
  t.after(() => rmSync(home, { recursive: true, force: true, maxRetries: 5 }))
  return folders
}

/** A real server on a port of its own, over a real library in a process of its own. */
export async function serveFor(
  t: TestContext,
  options: Partial<ServeLibraryOptions> = {},
  folders = makeFolders(t),
): Promise<ServedLibrary> {
  const { home, photos, directory, page } = folders
  const server = await serveLibrary({
    directory,
    dataDirectory: home,
    version: '0.0.0',
    host: '127.0.0.1',
    port: 0,
    allow: [photos],
    page,
    ...options,
  })
  let isOpen = true
  async function close(): Promise<void> {
    if (isOpen) await server.close()
    isOpen = false
  }
  t.after(close)
  const { port, link } = server
  const isTls = Boolean(options.tlsCert)
  const origin = `${isTls ? 'https' : 'http'}://127.0.0.1:${port}`
  const secret = link.split('/open/')[1]!

  function ask(path: string, { method = 'GET', headers = {}, body }: Asked = {}): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    const asked: RequestOptions = { host: '127.0.0.1', port, method, path, headers, agent: false }
    const sent = isTls ? tlsRequest({ ...asked, rejectUnauthorized: false }) : request(asked)
    sent.on('error', reject)
    sent.on('response', async (response) => {
      const body = Buffer.concat(await response.toArray())
      resolve({ status: response.statusCode!, headers: response.headers, body })
    })
    sent.end(body)
    return promise
  }

  async function enter(used = secret): Promise<string> {
    const { status, headers } = await ask(`/open/${used}`)
    assert.equal(status, 200)
    return cookieOf(headers)
  }

  async function openPage(cookie: string, headers: Record<string, string> = {}): Promise<Page> {
    const socket = new WebSocket(`${origin.replace('http', 'ws')}/api`, {
      headers: { cookie, origin, ...headers },
      rejectUnauthorized: false,
    })
    await once(socket, 'open')
    t.after(() => socket.terminate())
    const channel = webSocketChannel(socket as unknown as WebSocketLike)
    const closed = once(socket, 'close').then(([code]) => code as number)
    return {
      ...connect<WindowCalls, WindowEvents>(channel, windowCalls),
      closed,
      close: () => socket.close(),
    }
  }

  return { ...folders, port, secret, ask, enter, openPage, close }
}

export function cookieOf(headers: IncomingHttpHeaders): string {
  const [cookie] = headers['set-cookie'] ?? []
  assert.ok(cookie, 'a cookie was set')
  return cookie.split(';')[0]!
}

/** What a browser says that is refused a socket. */
export async function refusedSocket(url: string, headers: Record<string, string>): Promise<number> {
  const socket = new WebSocket(url, { headers })
  socket.on('error', () => {})
  const [, response] = await once(socket, 'unexpected-response')
  socket.terminate()
  return response.statusCode
}
