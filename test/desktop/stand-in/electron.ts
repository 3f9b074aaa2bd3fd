import { type ChildProcess, fork as forkNode } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { request as requestOverHttp } from 'node:http'
import { connect, createServer } from 'node:net'
import { basename, isAbsolute, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type BrowserContext, type CDPSession, chromium, type Page } from 'playwright-core'
import { decode, encode } from './codec.ts'
import { MessagePortMain, type Remote } from './ports.ts'
import { mainWorldSource, preloadWorldSource } from './world.ts'

// Electron's API as far as the shell uses it, over a real Chromium: each page has its preload in a world of its own, messages are
// cloned, custom schemes are answered by the shell's own handlers, and what Electron forbids throws. `app://NAME` is reached as
// `http://NAME.localhost`, since only Electron can give Chromium a scheme of its own for pages.

/** What was asked of the system, for tests. */
export const asked: { name: string; args: unknown[] }[] = []
const note = (name: string, ...args: unknown[]) => void asked.push({ name, args })

let isReady = false
const ready = Promise.withResolvers<void>()
let browser: BrowserContext

/** To be called when the app's first module was evaluated, and not before. */
export function becomeReady(): void {
  if (!app.isWanted) return
  isReady = true
  app.emit('ready')
  ready.resolve()
}

async function startChromium(): Promise<BrowserContext> {
  const context = await chromium.launchPersistentContext(join(app.getPath('userData'), 'chromium'), {
    executablePath: process.env.STAND_IN_CHROMIUM!,
    args: ['--no-sandbox', `--remote-debugging-port=${process.env.STAND_IN_PORT}`],
    viewport: null,
    acceptDownloads: false,
  })
  context.on('page', (page) => setImmediate(() => void unwantedPage(page)))
  return context
}

/** Chromium has opened it already: the shell's answer is that it should not. */
async function unwantedPage(page: Page): Promise<void> {
  if (BrowserWindow.all.some(({ webContents }) => webContents.page === page)) return
  const opener = await page.opener()
  const contents = BrowserWindow.all.find(({ webContents }) => webContents.page === opener)?.webContents
  if (!contents) return
  const answer = contents.windowOpenHandler?.({ url: page.url() })
  note('window.open', answer)
  if (answer?.action === 'deny') await page.close()
}

function afterReady(what: string): void {
  if (!isReady) throw new Error(`${what} cannot be used before the app is ready.`)
}
function beforeReady(what: string): void {
  if (isReady) throw new Error(`${what} comes too late: the app is ready.`)
}

class App extends EventEmitter {
  readonly isPackaged = process.env.STAND_IN_PACKAGED === '1'
  readonly commandLine = { appendSwitch: (name: string, value?: string) => note('switch', name, value) }
  readonly dock = undefined
  isWanted = true
  isQuitting = false
  #userData = ''
  #lock: { close(): void } | undefined

  getName = () => 'Lenslore'
  getVersion = () => '0.0.0-stand-in'
  getApplicationNameForProtocol = () => ''
  whenReady = () => ready.promise
  isReady = () => isReady
  getPath(_name: string) {
    return this.#userData
  }
  setPath(name: string, path: string) {
    if (name !== 'userData' || !isAbsolute(path) || !existsSync(path)) throw new Error(`No path: ${path}`)
    this.#userData = path
  }
  enableSandbox() {
    beforeReady('enableSandbox')
    note('enableSandbox')
  }
  requestSingleInstanceLock(data: unknown): boolean {
    const socket = join(this.#userData, 'lock')
    if (existsSync(socket)) {
      const line = connect(socket, () => line.end(encode(data)))
      this.isWanted = false
      return false
    }
    const server = createServer((line) => {
      let text = ''
      line.on('data', (chunk) => {
        text += chunk
      })
      line.on('end', () => this.emit('second-instance', {}, [], '/', decode(text)))
    })
    server.listen(socket)
    this.#lock = server
    return true
  }
  quit(): void {
    this.isQuitting = true
    this.emit('before-quit', new Preventable())
    for (const window of [...BrowserWindow.all]) window.close()
    const event = new Preventable()
    this.emit('will-quit', event)
    if (!event.isPrevented) this.exit(0)
  }
  exit(code = 0): void {
    this.isWanted = false
    this.#lock?.close()
    if (isReady) this.emit('quit', {}, code)
    // A second instance still hands over what it was given.
    setTimeout(() => void (browser?.close() ?? Promise.resolve()).finally(() => process.exit(code)), 100)
  }
}

class Preventable {
  isPrevented = false
  preventDefault = () => {
    this.isPrevented = true
  }
}

export const app = new App()

// Processes

interface Moved {
  id: number
  say(data: unknown): void
  close(): void
}

class UtilityProcess extends EventEmitter implements Remote {
  pid: number | undefined
  readonly #child: ChildProcess
  readonly #ports = new Map<number, Moved>()

  constructor(child: ChildProcess) {
    super()
    this.#child = child
    child.on('spawn', () => {
      this.pid = child.pid
      this.emit('spawn')
    })
    child.on('message', (message: { kind: string; port: number; data: unknown }) => {
      if (message.kind === 'message') this.emit('message', message.data)
      else if (message.kind === 'port') this.#ports.get(message.port)?.say(message.data)
      else this.#ports.get(message.port)?.close()
    })
    child.on('error', () => {})
    child.on('exit', (code) => {
      this.pid = undefined
      this.emit('exit', code ?? 9)
      for (const port of this.#ports.values()) port.close()
    })
  }

  postMessage(data: unknown, transfer: MessagePortMain[] = []): void {
    const moved = transfer.map((port) => port.handOver(this))
    for (const port of moved) this.#ports.set(port.id, port)
    this.#tell({ kind: 'message', data: structuredClone(data), ports: moved.map(({ id }) => id) })
  }
  sendToPort(port: number, data: unknown): void {
    this.#tell({ kind: 'port', port, data })
  }
  closePort(port: number): void {
    this.#tell({ kind: 'close', port })
    this.#ports.delete(port)
  }
  #tell(message: object): void {
    if (this.#child.connected) this.#child.send(message, () => {})
  }
}

/** All that were ever started. */
export const processes: { name: string; utility: UtilityProcess }[] = []

export const utilityProcess = {
  fork(modulePath: string, args: string[] = [], options: { env?: NodeJS.ProcessEnv; stdio?: string } = {}) {
    afterReady('utilityProcess.fork')
    if (!existsSync(modulePath)) throw new Error(`There is no program at ${modulePath}.`)
    if (!['pipe', 'ignore', 'inherit'].includes(options.stdio ?? 'inherit')) throw new Error('No such stdio.')
    note('fork', basename(modulePath))
    const utility = new UtilityProcess(
      forkNode(modulePath, args, {
        serialization: 'advanced',
        env: options.env ?? process.env,
        execArgv: ['--import', new URL('./utility-end.ts', import.meta.url).href],
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      }),
    )
    processes.push({ name: basename(modulePath), utility })
    return utility
  },
}

export class MessageChannelMain {
  readonly port1: MessagePortMain
  readonly port2: MessagePortMain
  constructor() {
    const { port1, port2 } = MessagePortMain.pair()
    this.port1 = port1
    this.port2 = port2
  }
}

// Pages

export const ipcMain = new EventEmitter()
const handlers = new Map<string, (request: Request) => Response | Promise<Response>>()
const privileged = new Map<string, { standard?: boolean; secure?: boolean }>()

export const protocol = {
  registerSchemesAsPrivileged(schemes: { scheme: string; privileges: { standard?: boolean } }[]) {
    beforeReady('registerSchemesAsPrivileged')
    for (const { scheme, privileges } of schemes) privileged.set(scheme, privileges)
  },
  handle(scheme: string, handler: (request: Request) => Response | Promise<Response>) {
    afterReady('protocol.handle')
    if (!privileged.get(scheme)?.standard) throw new Error(`${scheme} has no host without being standard.`)
    handlers.set(scheme, handler)
  },
}

type Answer = (answer: { cancel?: boolean }) => void
class Session extends EventEmitter {
  beforeRequest: ((details: { url: string }, answer: Answer) => void) | undefined
  permission: ((contents: WebContents, permission: string, answer: (is: boolean) => void) => void) | undefined
  readonly webRequest = {
    onBeforeRequest: (listener: typeof this.beforeRequest) => {
      this.beforeRequest = listener
    },
  }
  setPermissionRequestHandler(handler: typeof this.permission) {
    this.permission = handler
  }
  setPermissionCheckHandler(handler: unknown) {
    note('setPermissionCheckHandler', typeof handler)
  }
  setDevicePermissionHandler(handler: unknown) {
    note('setDevicePermissionHandler', typeof handler)
  }
}
const defaultSession = new Session()
export const session = {
  get defaultSession() {
    afterReady('session')
    return defaultSession
  },
  fromPartition(name: string) {
    afterReady('session')
    return Object.assign(new Session(), { name })
  },
}

interface NetOptions {
  session?: { name?: string }
  protocol?: string
  hostname: string
  port?: string | number
  path: string
  headers?: Record<string, string>
}

/** As Chromium's own stack does it for main: never through a page, and never with a header that is not a string. */
class ClientRequest extends EventEmitter {
  readonly #request: ReturnType<typeof requestOverHttp>

  constructor({ session, ...options }: NetOptions) {
    super()
    afterReady('net.request')
    for (const [name, value] of Object.entries(options.headers ?? {}))
      if (typeof value !== 'string') throw new TypeError(`${name} is no header.`)
    const host = `${options.hostname}${options.port ? `:${options.port}` : ''}`
    note('net.request', `${options.protocol}//${host}${options.path}`, options.headers, session?.name)
    this.#request = requestOverHttp(options, (response) => this.emit('response', response))
    this.#request.on('error', (error) => this.emit('error', error))
  }
  end = (body?: Buffer) => void this.#request.end(body)
  abort = () => {
    this.#request.destroy()
    this.emit('abort')
  }
}
export const net = { request: (options: NetOptions) => new ClientRequest(options) }

const toChromium = (url: string) => url.replace(/^app:\/\/([^/]+)/, 'http://$1.localhost')
const fromChromium = (url: string) => url.replace(/^http:\/\/([^/:]+)\.localhost(?=\/|$)/, 'app://$1')

class WebContents extends EventEmitter implements Remote {
  readonly mainFrame = { url: '' }
  page: Page | undefined
  windowOpenHandler: ((details: { url: string }) => { action: string }) | undefined
  #cdp!: CDPSession
  #world: number | undefined
  #allowed: string | undefined
  readonly #ports = new Map<number, Moved>()
  readonly #unsent: (() => void)[] = []

  getURL = () => this.mainFrame.url
  setWindowOpenHandler(handler: typeof this.windowOpenHandler) {
    this.windowOpenHandler = handler
  }

  async open(url: string, preload: string): Promise<void> {
    browser ??= await startChromium()
    const blank = browser.pages().find((page) => page.url() === 'about:blank')
    this.page = blank ?? (await browser.newPage())
    this.page.on('crash', () => this.emit('render-process-gone', {}, { reason: 'crashed' }))
    const cdp = await browser.newCDPSession(this.page)
    this.#cdp = cdp
    cdp.on('Fetch.requestPaused', (event) => void this.#answer(event as never))
    cdp.on('Runtime.executionContextCreated', ({ context }) => {
      if (context.name === 'preload') this.#world = context.id
    })
    cdp.on('Runtime.executionContextsCleared', () => this.#leavePage())
    cdp.on('Runtime.bindingCalled', ({ payload }) => void this.#hear(JSON.parse(payload)))
    cdp.on('Page.loadEventFired', () => this.emit('did-finish-load'))
    await cdp.send('Page.enable')
    await cdp.send('Runtime.enable')
    await cdp.send('Runtime.addBinding', { name: 'standInSend', executionContextName: 'preload' })
    await cdp.send('Page.addScriptToEvaluateOnNewDocument', { source: mainWorldSource })
    await cdp.send('Page.addScriptToEvaluateOnNewDocument', {
      source: preloadWorldSource(readFileSync(preload, 'utf8')),
      worldName: 'preload',
    })
    await cdp.send('Fetch.enable', { patterns: [{ urlPattern: '*' }] })
    this.#allowed = url
    await this.page.goto(toChromium(url), { waitUntil: 'commit' })
  }

  reload(): void {
    this.#allowed = this.mainFrame.url
    void this.page!.reload({ waitUntil: 'commit' })
  }

  async #answer(event: {
    requestId: string
    resourceType: string
    request: { url: string; method: string; headers: Record<string, string> }
  }): Promise<void> {
    const { requestId, resourceType, request } = event
    const url = fromChromium(request.url)
    const errorReason = resourceType === 'Document' ? 'Aborted' : 'BlockedByClient'
    const refuse = () => this.#cdp.send('Fetch.failRequest', { requestId, errorReason }).catch(() => {})
    if (resourceType === 'Document') {
      const isAllowed = url === this.#allowed
      const navigation = Object.assign(new Preventable(), { url, isMainFrame: true })
      if (!isAllowed) this.emit('will-frame-navigate', navigation)
      if (navigation.isPrevented) return void (await refuse())
      this.mainFrame.url = url
    }
    const { promise, resolve } = Promise.withResolvers<{ cancel?: boolean }>()
    if (defaultSession.beforeRequest) defaultSession.beforeRequest({ url }, resolve)
    else resolve({})
    const handler = handlers.get(new URL(url).protocol.slice(0, -1))
    note('request', url)
    if ((await promise).cancel || !handler) return void (await refuse())
    const answer = await handler(new Request(url, { method: request.method, headers: request.headers }))
    const body = Buffer.from(await answer.arrayBuffer()).toString('base64')
    note('answer', url, answer.status, answer.headers.get('content-type'))
    const responseHeaders = [...answer.headers].map(([name, value]) => ({ name, value }))
    await this.#cdp
      .send('Fetch.fulfillRequest', { requestId, responseCode: answer.status, responseHeaders, body })
      .catch(() => {})
  }

  async #hear(message: {
    channel?: string
    args?: string
    port?: number
    data?: string
    close?: number
  }): Promise<void> {
    if (message.close !== undefined) this.#ports.get(message.close)?.close()
    else if (message.port !== undefined) this.#ports.get(message.port)?.say(decode(message.data!))
    else {
      const args = (await this.#namePaths(decode(message.args!))) as unknown[]
      ipcMain.emit(message.channel!, { sender: this, senderFrame: this.mainFrame, ports: [] }, ...args)
    }
  }

  /** Of files, whose paths Chromium tells of those alone that the person gave. */
  async #namePaths(value: unknown): Promise<unknown> {
    if (Array.isArray(value)) return Promise.all(value.map((each) => this.#namePaths(each)))
    const file = typeof value === 'string' ? /^stand-in:file:(\d+)$/.exec(value)?.[1] : undefined
    if (file === undefined) return value
    const { result } = await this.#cdp.send('Runtime.evaluate', {
      expression: `standIn.files[${file}]`,
      contextId: this.#world!,
    })
    return (await this.#cdp.send('DOM.getFileInfo', { objectId: result.objectId! })).path
  }

  postMessage(channel: string, message: unknown, transfer: MessagePortMain[] = []): void {
    const moved = transfer.map((port) => port.handOver(this))
    for (const port of moved) this.#ports.set(port.id, port)
    const ids = moved.map(({ id }) => id)
    this.#inWorld(`standIn.receive(${JSON.stringify([channel, encode(message), ids]).slice(1, -1)})`)
  }
  sendToPort(port: number, data: unknown): void {
    this.#inWorld(`standIn.toPort(${port}, ${JSON.stringify(encode(data))})`)
  }
  closePort(port: number): void {
    this.#inWorld(`standIn.closePort(${port})`)
  }
  #inWorld(expression: string): void {
    if (this.#world === undefined) return
    this.#cdp.send('Runtime.evaluate', { expression, contextId: this.#world }).catch(() => {})
  }

  #leavePage(): void {
    this.#world = undefined
    for (const port of this.#ports.values()) port.close()
    this.#ports.clear()
    this.#unsent.length = 0
  }

  startDrag({ file, files, icon }: { file: string; files?: string[]; icon: { isEmpty(): boolean } }): void {
    if (icon.isEmpty()) throw new Error('A drag needs a picture.')
    for (const each of files ?? [file]) if (!existsSync(each)) throw new Error(`Nothing to drag at ${each}`)
    note('startDrag', files ?? [file])
  }

  gone(): void {
    this.#leavePage()
    void this.page?.close()
  }
}

interface Bounds {
  x: number
  y: number
  width: number
  height: number
}

export class BrowserWindow extends EventEmitter {
  static all: BrowserWindow[] = []
  static getAllWindows = () => [...BrowserWindow.all]
  static getFocusedWindow = () => BrowserWindow.all.at(-1) ?? null
  static fromWebContents = (contents: WebContents) =>
    BrowserWindow.all.find((window) => window.webContents === contents) ?? null

  readonly webContents = new WebContents()
  readonly #preload: string
  #bounds: Bounds
  #isMaximized = false

  constructor(
    options: Bounds & {
      webPreferences: {
        preload: string
        sandbox: boolean
        contextIsolation: boolean
        nodeIntegration: boolean
      }
    },
  ) {
    super()
    afterReady('BrowserWindow')
    const { preload, sandbox, contextIsolation, nodeIntegration } = options.webPreferences
    if (!isAbsolute(preload) || !existsSync(preload)) throw new Error(`There is no preload at ${preload}.`)
    if (!sandbox || !contextIsolation || nodeIntegration) throw new Error('The page is not confined.')
    this.#preload = preload
    this.#bounds = { x: options.x, y: options.y, width: options.width, height: options.height }
    BrowserWindow.all.push(this)
    app.emit('web-contents-created', {}, this.webContents)
  }

  async loadURL(url: string): Promise<void> {
    await this.webContents.open(url, this.#preload)
    this.emit('ready-to-show')
  }
  close(): void {
    this.emit('close', new Preventable())
    this.destroy()
  }
  destroy(): void {
    BrowserWindow.all = BrowserWindow.all.filter((window) => window !== this)
    this.webContents.gone()
    this.emit('closed')
    if (BrowserWindow.all.length === 0 && !app.isQuitting) app.emit('window-all-closed')
  }
  isDestroyed = () => !BrowserWindow.all.includes(this)
  show = () => {
    note('show')
    app.emit('stand-in:shown')
  }
  focus = () => note('focus')
  restore = () => note('restore')
  isMinimized = () => false
  isMaximized = () => this.#isMaximized
  isFullScreen = () => false
  setFullScreen = () => {}
  maximize() {
    this.#isMaximized = true
  }
  getNormalBounds = () => this.#bounds
  setBounds(bounds: Bounds) {
    this.#bounds = bounds
    this.emit('resize')
  }
  setProgressBar(value: number, options?: object) {
    if (typeof value !== 'number' || Number.isNaN(value)) throw new TypeError('Progress is a number.')
    note('setProgressBar', value, options)
  }
}

// The system

/** What a person answers; tests put it here before a dialog asks. */
export const answers: Record<string, unknown> = {}
function askPerson(name: string) {
  return async (...args: unknown[]) => {
    const options = args.at(-1)
    note(name, options)
    if (!(name in answers)) throw new Error(`Nobody answers ${name}.`)
    return answers[name]
  }
}
export const dialog = {
  showOpenDialog: askPerson('showOpenDialog'),
  showSaveDialog: askPerson('showSaveDialog'),
  showMessageBox: askPerson('showMessageBox'),
  showErrorBox: (title: string, content: string) => note('showErrorBox', title, content),
}

interface Item {
  label?: string
  role?: string
  submenu?: Item[]
  click?(): void
}
let menu: { items: Item[] } | null = null
const withItems = (items: Item[]): object[] =>
  items.map((item) => ({ ...item, ...(item.submenu && { submenu: { items: withItems(item.submenu) } }) }))
export const Menu = {
  buildFromTemplate: (template: Item[]) => ({ items: withItems(template) }),
  setApplicationMenu(present: typeof menu) {
    menu = present
  },
  getApplicationMenu: () => menu,
}

export class Notification {
  static isSupported = () => true
  readonly options: object
  constructor(options: object) {
    this.options = options
  }
  show = () => note('notification', this.options)
}
export const nativeTheme = { shouldUseDarkColors: true, themeSource: 'system' }
export const nativeImage = {
  createFromPath(path: string) {
    const image = { isEmpty: () => !existsSync(path), resize: () => image }
    return image
  },
}
const display = { id: 1, workArea: { x: 0, y: 0, width: 1600, height: 900 } }
export const screen = { getPrimaryDisplay: () => display, getAllDisplays: () => [display] }

class PowerMonitor extends EventEmitter {
  isOnBattery = false
  idleState = 'active'
  isOnBatteryPower() {
    afterReady('powerMonitor')
    return this.isOnBattery
  }
  getSystemIdleState = () => this.idleState
}
export const powerMonitor = new PowerMonitor()
export const powerSaveBlocker = {
  start: (kind: string) => {
    note('stayAwake', kind)
    return 1
  },
  stop: () => note('maySleep'),
}

export const shell = {
  showItemInFolder: (path: string) => note('showItemInFolder', path),
  async openPath(path: string) {
    note('openPath', path)
    return existsSync(path) ? '' : 'There is no such file.'
  },
  openExternal: async (address: string) => note('openExternal', address),
  /** As `gio trash` does it in the home. */
  async trashItem(path: string) {
    const trash = join(process.env.XDG_DATA_HOME!, 'Trash')
    for (const folder of ['files', 'info']) mkdirSync(join(trash, folder), { recursive: true })
    const time = new Date().toISOString().slice(0, 19)
    const note = `[Trash Info]\nPath=${pathToFileURL(path).pathname}\nDeletionDate=${time}\n`
    writeFileSync(join(trash, 'info', `${basename(path)}.trashinfo`), note, { flag: 'wx' })
    renameSync(path, join(trash, 'files', basename(path)))
  },
}

process.on('exit', () => {
  const lock = app.isWanted ? undefined : join(app.getPath('userData'), 'lock')
  if (lock && process.env.STAND_IN_FIRST === '1') rmSync(lock, { force: true })
})
