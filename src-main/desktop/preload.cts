// Runs in the page's process, in a world of its own and in the sandbox: it may require nothing but electron. The page gets one
// function of it, and learns no path.
const { contextBridge, ipcRenderer, webUtils } = require('electron') as typeof import('electron')

interface DropEvent {
  isTrusted: boolean
  preventDefault(): void
  dataTransfer: { types: readonly string[]; files: Iterable<never>; dropEffect: string } | null
}
declare const window: {
  postMessage(message: unknown, origin: string, ports: unknown[]): void
  addEventListener(type: 'dragover' | 'drop', listener: (event: DropEvent) => void): void
}
declare const location: { origin: string }

ipcRenderer.on('lenslore:line', (event, kind: string) => {
  window.postMessage(`lenslore:${kind}`, location.origin, event.ports)
})

contextBridge.exposeInMainWorld('lensloreHost', {
  askForLines: () => ipcRenderer.send('lenslore:ask'),
})

window.addEventListener('dragover', (event) => {
  if (!event.dataTransfer?.types.includes('Files')) return
  event.preventDefault()
  event.dataTransfer.dropEffect = 'copy'
})

window.addEventListener('drop', (event) => {
  if (!event.dataTransfer?.types.includes('Files')) return
  event.preventDefault()
  // A file that a script made has no path.
  const paths = [...event.dataTransfer.files].map((file) => webUtils.getPathForFile(file)).filter(Boolean)
  if (event.isTrusted && paths.length > 0) ipcRenderer.send('lenslore:drop', paths)
})
