import { decode, encode } from './codec.ts'

// Of a page.
type PagePort = EventTarget & {
  onmessage: (event: { data: unknown }) => void
  postMessage(message: unknown): void
  close(): void
}
declare const window: EventTarget
declare const addEventListener: (type: string, listener: (event: { detail: string }) => void) => void
declare const dispatchEvent: (event: Event) => boolean

/** In the page's own world: what a preload exposes comes here as text, and calls go back the same way. */
function mainWorld(): void {
  addEventListener('stand-in:expose', (event) => {
    const { name, methods } = JSON.parse(event.detail)
    const call = (method: string, args: unknown[]) =>
      dispatchEvent(new CustomEvent('stand-in:call', { detail: JSON.stringify({ name, method, args }) }))
    const api = Object.fromEntries(
      (methods as string[]).map((method) => [method, (...args: unknown[]) => void call(method, args)]),
    )
    Object.defineProperty(window, name, { value: Object.freeze(api), configurable: false })
  })
}

/** In the preload's world: Electron's part of it, and a bridge to the stand-in. */
function preloadWorld(
  preload: (require: unknown, process: unknown, exports: object, module: object) => void,
) {
  const codec = { encode, decode }
  const send = (message: object) =>
    (globalThis as unknown as { standInSend(text: string): void }).standInSend(JSON.stringify(message))
  const listeners = new Map<string, ((event: object, ...args: unknown[]) => void)[]>()
  const exposed = new Map<string, Record<string, (...args: unknown[]) => unknown>>()
  const ports = new Map<number, PagePort>()
  const files: File[] = []

  addEventListener('stand-in:call', (event) => {
    const { name, method, args } = JSON.parse(event.detail)
    exposed.get(name)![method]!(...args)
  })
  Object.assign(globalThis, {
    standIn: {
      files,
      receive(channel: string, message: string, ids: number[]) {
        const brought = ids.map((id) => {
          const { port1, port2 } = new MessageChannel() as unknown as { port1: PagePort; port2: PagePort }
          ports.set(id, port1)
          port1.onmessage = ({ data }) => send({ port: id, data: codec.encode(data) })
          port1.addEventListener('close', () => send({ close: id }))
          return port2
        })
        for (const listener of listeners.get(channel) ?? []) {
          listener({ ports: brought }, codec.decode(message))
        }
      },
      toPort: (id: number, data: string) => ports.get(id)?.postMessage(codec.decode(data)),
      closePort: (id: number) => ports.get(id)?.close(),
    },
  })
  const electron = {
    contextBridge: {
      exposeInMainWorld(name: string, api: Record<string, (...args: unknown[]) => unknown>) {
        const detail = JSON.stringify({ name, methods: Object.keys(api) })
        exposed.set(name, api)
        dispatchEvent(new CustomEvent('stand-in:expose', { detail }))
      },
    },
    ipcRenderer: {
      on(channel: string, listener: (event: object, ...args: unknown[]) => void) {
        listeners.set(channel, [...(listeners.get(channel) ?? []), listener])
      },
      send: (channel: string, ...args: unknown[]) => send({ channel, args: codec.encode(args) }),
    },
    webUtils: { getPathForFile: (file: File) => `stand-in:file:${files.push(file) - 1}` },
  }
  function require(name: string) {
    if (name !== 'electron') throw new Error(`A sandboxed preload may not require ${name}.`)
    return electron
  }
  const module = { exports: {} }
  preload(require, { platform: 'linux', sandboxed: true }, module.exports, module)
}

export const mainWorldSource = `if (self === top) (${mainWorld})()`

/** @param preload source of the preload, evaluated as Electron does: CommonJS of which only `require` is given */
export function preloadWorldSource(preload: string): string {
  return `if (self === top) {
${encode}
${decode}
(${preloadWorld})(function (require, process, exports, module) {${preload}
})
}`
}
