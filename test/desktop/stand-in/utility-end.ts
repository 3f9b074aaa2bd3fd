import { EventEmitter } from 'node:events'
import { registerHooks } from 'node:module'
import { isMainThread } from 'node:worker_threads'

// What a utility process of Electron has and a forked one has not: `process.parentPort`. And what it has not: the pipe of a fork,
// and a module from within the archive.

type FromMain =
  | { kind: 'message'; data: unknown; ports: number[] }
  | { kind: 'port'; port: number; data: unknown }
  | { kind: 'close'; port: number }

let sendToMain: NonNullable<typeof process.send>

class Port extends EventEmitter {
  readonly #id: number
  #isStarted = false
  #waiting: unknown[] = []

  constructor(id: number) {
    super()
    this.#id = id
  }

  postMessage(data: unknown, transfer: unknown[] = []): void {
    if (transfer.length > 0) throw new TypeError('Only ports may be transferred.')
    sendToMain({ kind: 'port', port: this.#id, data })
  }

  hear(data: unknown): void {
    if (this.#isStarted) this.emit('message', { data, ports: [] })
    else this.#waiting.push(data)
  }

  start(): void {
    this.#isStarted = true
    for (const data of this.#waiting.splice(0)) this.hear(data)
  }

  close(): void {
    sendToMain({ kind: 'close', port: this.#id })
  }
}

registerHooks({
  load(url, context, next) {
    if (/app\.asar\//.test(url)) throw new Error(`Only Electron's main reads the archive: ${url}`)
    return next(url, context)
  },
})

// Threads of the process load this too, and have no such port.
if (isMainThread) standIn()

function standIn(): void {
  sendToMain = process.send!.bind(process)
  const ports = new Map<number, Port>()
  const parentPort = Object.assign(new EventEmitter(), {
    postMessage: (data: unknown) => void sendToMain({ kind: 'message', data }),
  })
  const unheard: unknown[] = []
  parentPort.on('newListener', (event) => {
    if (event === 'message')
      setImmediate(() => {
        for (const message of unheard.splice(0)) parentPort.emit('message', message)
      })
  })

  process.on('message', (message: FromMain) => {
    if (message.kind === 'message') {
      const brought = message.ports.map((id) => {
        const port = new Port(id)
        ports.set(id, port)
        return port
      })
      const event = { data: message.data, ports: brought }
      if (parentPort.listenerCount('message') > 0) parentPort.emit('message', event)
      else unheard.push(event)
    } else if (message.kind === 'port') ports.get(message.port)?.hear(message.data)
    else {
      ports.get(message.port)?.emit('close')
      ports.delete(message.port)
    }
  })
  process.on('disconnect', () => process.exit(0))
  Object.assign(process, { parentPort, send: undefined })
}
