import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What goes wrong, and for how many of the coming answers that carry a file's bytes. */
export interface Fault {
  times: number
  /** Only with this file. */
  path?: string
  /** Cut the connection after this many bytes of the body. */
  cutAfterBytes?: number
  status?: number
  /** Send these bytes in place of the file's own. */
  bytes?: Buffer
}

export interface HubFile {
  content: Buffer
  /** Large files are stored by SHA-256 behind a redirect, small ones in git. */
  large: boolean
  /** What the hub claims, where it lies. */
  claimedSizeBytes?: number
}

/** A server on loopback that answers like the hub: paths-info, resolve with redirects, ranges and etags. */
export class LocalHub {
  readonly files: Map<string, HubFile>
  readonly requests: string[] = []
  readonly #server = createServer((request, response) => this.#answer(request, response))
  readonly repository: string
  readonly revision: string
  fault: Fault | undefined
  ignoresRanges = false
  /** Called before each piece of a body goes out. */
  onPiece: (() => void) | undefined

  constructor(repository: string, revision: string, files: Map<string, HubFile>) {
    this.repository = repository
    this.revision = revision
    this.files = files
  }

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    this.requests.push(`${request.method} ${request.url} ${request.headers.range ?? ''}`.trim())
    const revision = encodeURIComponent(this.revision)
    const url = request.url!
    const resolvePrefix = `/${this.repository}/resolve/${revision}/`
    if (url === `/api/models/${this.repository}/paths-info/${revision}`) this.#listPaths(response)
    else if (url.startsWith(resolvePrefix)) {
      this.#resolve(url.slice(resolvePrefix.length), request, response)
    } else if (url.startsWith('/cdn/')) this.#sendStored(url.slice('/cdn/'.length), request, response)
    else response.writeHead(404, { 'X-Error-Code': 'RepoNotFound' }).end()
  }

  #listPaths(response: ServerResponse): void {
    const entries = this.files.entries().map(([path, file]) => {
      const size = file.claimedSizeBytes ?? file.content.length
      const lfs = { oid: sha256(file.content), size, pointerSize: 134 }
      return { type: 'file', path, size, oid: gitBlobId(file.content), ...(file.large ? { lfs } : {}) }
    })
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify([...entries]))
  }

  #resolve(path: string, request: IncomingMessage, response: ServerResponse): void {
    const file = this.files.get(path)
    if (!file) {
      response.writeHead(404, { 'X-Error-Code': 'EntryNotFound' }).end()
      return
    }
    response.setHeader('X-Repo-Commit', 'c'.repeat(40))
    if (file.large) {
      const oid = sha256(file.content)
      response.setHeader('X-Linked-ETag', `"${oid}"`)
      response.setHeader('X-Linked-Size', file.content.length)
      response.writeHead(302, { Location: `/cdn/${oid}` }).end()
    } else {
      response.setHeader('ETag', `"${gitBlobId(file.content)}"`)
      this.#send(path, file.content, request, response)
    }
  }

  #sendStored(oid: string, request: IncomingMessage, response: ServerResponse): void {
    const [path, file] = this.files.entries().find(([, { content }]) => sha256(content) === oid)!
    response.setHeader('ETag', `"${oid}"`)
    this.#send(path, file.content, request, response)
  }

  #send(path: string, content: Buffer, request: IncomingMessage, response: ServerResponse): void {
    const isProbe = request.headers.range === 'bytes=0-0'
    const fault = isProbe ? undefined : this.#takeFault(path)
    if (fault?.status) {
      response.writeHead(fault.status).end()
      return
    }
    const range = this.ignoresRanges ? null : /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
    const start = range ? Number(range[1]) : 0
    const end = range?.[2] ? Number(range[2]) + 1 : content.length
    if (range) response.setHeader('Content-Range', `bytes ${start}-${end - 1}/${content.length}`)
    response.writeHead(range ? 206 : 200, { 'Content-Length': end - start })
    const body = (fault?.bytes ?? content).subarray(start, end)
    this.#sendPieces(fault?.cutAfterBytes ? body.subarray(0, fault.cutAfterBytes) : body, response, () => {
      if (fault?.cutAfterBytes) response.socket?.destroy()
      else response.end()
    })
  }

  #takeFault(path: string): Fault | undefined {
    const fault = this.fault
    if (!fault || fault.times === 0 || (fault.path ?? path) !== path) return undefined
    fault.times--
    return fault
  }

  #sendPieces(body: Buffer, response: ServerResponse, done: () => void): void {
    const pieceBytes = 16_384
    if (body.length === 0) {
      done()
      return
    }
    this.onPiece?.()
    if (response.destroyed) return
    response.write(body.subarray(0, pieceBytes), () =>
      this.#sendPieces(body.subarray(pieceBytes), response, done),
    )
  }
}

export function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}

function gitBlobId(content: Buffer): string {
  return createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex')
}
