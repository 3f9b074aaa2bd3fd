import { EventEmitter } from 'node:events'

/** Where the ends of ports live that were handed to another process or page. */
export interface Remote {
  sendToPort(port: number, data: unknown): void
  closePort(port: number): void
}

let nextId = 1

/** An end of a pair of ports, as Electron's main has it. */
export class MessagePortMain extends EventEmitter {
  #peer: MessagePortMain | undefined
  #sink: ((data: unknown) => void) | undefined
  #waiting: unknown[] = []
  #isOpen = true
  #isAway = false
  #closeRemote: (() => void) | undefined

  static pair(): { port1: MessagePortMain; port2: MessagePortMain } {
    const port1 = new MessagePortMain()
    const port2 = new MessagePortMain()
    port1.#peer = port2
    port2.#peer = port1
    return { port1, port2 }
  }

  postMessage(message: unknown, transfer: unknown[] = []): void {
    if (transfer.length > 0) throw new TypeError('Only ports may be transferred, and none is.')
    if (this.#isAway) throw new TypeError('The port was handed over.')
    this.#say(structuredClone(message))
  }

  #say(data: unknown): void {
    if (this.#isOpen) setImmediate(() => this.#peer?.deliver(data))
  }

  deliver(data: unknown): void {
    if (!this.#isOpen) return
    if (this.#sink) this.#sink(data)
    else this.#waiting.push(data)
  }

  start(): void {
    this.#flowTo((data) => this.emit('message', { data, ports: [] }))
  }

  #flowTo(sink: (data: unknown) => void): void {
    this.#sink = sink
    for (const data of this.#waiting.splice(0)) sink(data)
  }

  close(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.emit('close')
    this.#closeRemote?.()
    setImmediate(() => this.#peer?.close())
  }

  /** Hands this end over. @returns how its new place speaks through it */
  handOver(remote: Remote): { id: number; say(data: unknown): void; close(): void } {
    if (this.#isAway || this.#sink) throw new TypeError('A port is handed over once, and before it is used.')
    this.#isAway = true
    const id = nextId++
    this.#closeRemote = () => remote.closePort(id)
    this.#flowTo((data) => remote.sendToPort(id, data))
    return { id, say: (data) => this.#say(data), close: () => this.close() }
  }
}
