import { decode, ExtensionCodec, encode } from '@msgpack/msgpack'
import type { Channel } from '../contract/rpc.ts'
import { createEnding } from './ending.ts'

/** What a browser's WebSocket and the server's `ws` have in common. */
export interface WebSocketLike {
  binaryType: string
  readonly readyState: number
  send(data: Uint8Array<ArrayBuffer>): void
  close(code?: number, reason?: string): void
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void
  addEventListener(type: 'close' | 'error', listener: () => void): void
}

const open = 1
/** The close code for data of another kind than was agreed. */
const notUnderstood = 1003

/** Of columns: each kind with a number of its own on the wire. Bytes are MessagePack's own. */
const columns = [Uint16Array, Uint32Array, Int32Array, Float32Array, Float64Array] as const
const codec = new ExtensionCodec()
for (const [type, Column] of columns.entries()) {
  codec.register({
    type,
    encode: (value) =>
      value instanceof Column ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : null,
    decode: (bytes) => new Column(bytes.slice().buffer),
  })
}

/**
 * A channel over an open WebSocket: each message one binary frame of MessagePack, typed arrays as they are. All machines that
 * it runs on are little-endian.
 */
export function webSocketChannel(socket: WebSocketLike): Channel {
  const ending = createEnding(socket.readyState > open)
  socket.binaryType = 'arraybuffer'
  socket.addEventListener('close', ending.end)
  return {
    post(message) {
      if (!ending.isOver) socket.send(encode(message, { extensionCodec: codec, ignoreUndefined: true }))
    },
    onMessage(listener) {
      socket.addEventListener('message', ({ data }) => {
        let message: unknown
        try {
          message = decode(new Uint8Array(data as ArrayBuffer), { extensionCodec: codec })
        } catch {
          socket.close(notUnderstood, 'not understood')
          return
        }
        listener(message)
      })
    },
    onClose: ending.onClose,
    close: () => socket.close(),
  }
}
