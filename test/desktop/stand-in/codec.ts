// Structured clone as text, for what crosses between the stand-in and a page. Both functions are also sent into the page as their own
// source, and so stand alone.

export function encode(message: unknown): string {
  const kinds = ['Uint8Array', 'Uint16Array', 'Uint32Array', 'Int32Array', 'Float32Array', 'Float64Array']
  // What cannot be cloned, such as a function, fails here as it does in Electron.
  return JSON.stringify(structuredClone(message), (_, value: unknown) => {
    if (value === undefined) return { $: 'undefined' }
    if (typeof value === 'number' && !Number.isFinite(value)) return { $: 'number', text: String(value) }
    if (!ArrayBuffer.isView(value)) return value
    const kind = kinds.find((name) => value.constructor.name === name)
    if (!kind) throw new Error(`${value.constructor.name} is not sent by anybody.`)
    let text = ''
    for (const byte of new Uint8Array(value.buffer, value.byteOffset, value.byteLength))
      text += String.fromCharCode(byte)
    return { $: kind, text: btoa(text) }
  })
}

export function decode(text: string): unknown {
  const revive = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(revive)
    if (typeof value !== 'object' || value === null) return value
    const { $: kind, text: body } = value as { $?: string; text?: string }
    if (kind === undefined) {
      return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, revive(each)]))
    }
    if (kind === 'undefined') return undefined
    if (kind === 'number') return Number(body)
    const bytes = Uint8Array.from(atob(body!), (character) => character.charCodeAt(0))
    const Kind = (globalThis as unknown as Record<string, new (buffer: ArrayBuffer) => unknown>)[kind]!
    return new Kind(bytes.buffer)
  }
  return revive(JSON.parse(text))
}
