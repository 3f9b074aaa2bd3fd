import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import type { MessagePort } from 'node:worker_threads'
import type { PortLike } from '../../src-main/channels/message-port.ts'

/** A port with the manners of Electron's: an event around each message, nothing before `start`, no memory moved. */
export class EventPort extends EventEmitter implements PortLike {
  readonly port: MessagePort

  constructor(port: MessagePort) {
    super()
    this.port = port
    port.on('close', () => this.emit('close'))
  }

  start(): void {
    this.port.on('message', (data) => this.emit('message', { data, ports: [] }))
  }

  postMessage(...[message, transfer]: [unknown, never?]): void {
    assert.equal(transfer, undefined)
    this.port.postMessage(message)
  }

  close(): void {
    this.port.close()
  }
}
