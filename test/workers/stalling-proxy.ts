import { once } from 'node:events'
import { createConnection, createServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'

export interface StallingProxy {
  port: number
  /** From now on nothing comes through, and nothing ends. */
  stall(): void
  goOn(): void
  /** Ends each connection in the middle of whatever it carries. */
  cut(): void
}

/** A way to a port of this machine that may be bad. */
export async function startStallingProxy(t: TestContext, to: number): Promise<StallingProxy> {
  const sockets = new Set<Socket>()
  let isStalled = false
  const server = createServer((near) => {
    const far = createConnection(to, '127.0.0.1')
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      if (isStalled) from.pause()
      from.on('data', (bytes) => into.write(bytes))
      from.on('error', () => {})
      from.on('close', () => {
        sockets.delete(from)
        into.destroy()
      })
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy()
  }
  t.after(() => {
    server.close()
    cut()
  })
  return {
    port: (server.address() as { port: number }).port,
    stall() {
      isStalled = true
      for (const socket of sockets) socket.pause()
    },
    goOn() {
      isStalled = false
      for (const socket of sockets) socket.resume()
    },
    cut,
  }
}
