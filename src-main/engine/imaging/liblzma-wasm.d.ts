/** The part of node-liblzma that is used here, of WebAssembly alone; its heap has a bound of its own. */
declare module 'node-liblzma/wasm' {
  export function initModule(load: () => Promise<object>): Promise<object>
  /** @throws where it is no xz stream, or of more than fits */
  export function unxzAsync(bytes: Uint8Array): Promise<Uint8Array>
}

declare module 'node-liblzma/wasm/liblzma.js' {
  export default function create(options: { wasmBinary: Uint8Array }): Promise<object>
}
