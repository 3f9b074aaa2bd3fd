import { fileURLToPath } from 'node:url'
import { app, BrowserWindow, dialog, nativeTheme, screen } from 'electron'
import { english } from './english.ts'
import type { KeptChoices } from './kept-choices.ts'
import { pageAddress } from './page-protocol.ts'
import { placeWindow, smallest } from './window-place.ts'

/** A page that ends more often than this within the time is not drawn again. */
const endsAtMost = 3
const endsWithinMs = 60_000
const keepAfterMs = 500
/** How far a further window stands beside the one before. */
const besidePx = 32

export const iconFile = fileURLToPath(new URL('../../build/icon.png', import.meta.url))
const preload = fileURLToPath(new URL('./preload.cjs', import.meta.url))

/** Opens a window and keeps where it stands. @param onPageEnd told when its page died and is drawn anew */
export function openWindow(choices: KeptChoices, onPageEnd: () => void): BrowserWindow {
  const kept = choices.present.window
  const before = BrowserWindow.getFocusedWindow()?.getNormalBounds()
  const wanted = before ? { ...before, x: before.x + besidePx, y: before.y + besidePx } : kept?.bounds
  const main = screen.getPrimaryDisplay()
  const displays = [main, ...screen.getAllDisplays().filter(({ id }) => id !== main.id)]
  const window = new BrowserWindow({
    ...placeWindow(
      wanted,
      displays.map(({ workArea }) => workArea),
    ),
    minWidth: smallest.width,
    minHeight: smallest.height,
    show: false,
    title: app.getName(),
    // As the page's own ground, so that nothing flashes.
    backgroundColor: nativeTheme.shouldUseDarkColors ? '#1b1b1b' : '#f8f6f1',
    autoHideMenuBar: true,
    ...(process.platform === 'linux' && { icon: iconFile }),
    webPreferences: {
      preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webSecurity: true,
      webviewTag: false,
      navigateOnDragDrop: false,
      disableDialogs: true,
      // Elsewhere than on macOS Chromium would fetch its dictionaries.
      spellcheck: process.platform === 'darwin',
      devTools: !app.isPackaged,
    },
  })
  window.once('ready-to-show', () => {
    if (!before && kept?.isMaximized) window.maximize()
    if (!before && kept?.isFullScreen) window.setFullScreen(true)
    window.show()
  })
  keepPlace(window, choices)
  drawAgain(window, onPageEnd)
  void window.loadURL(pageAddress)
  return window
}

function keepPlace(window: BrowserWindow, choices: KeptChoices): void {
  let waiting: NodeJS.Timeout | undefined
  function keep(): void {
    clearTimeout(waiting)
    choices.keep({
      window: {
        bounds: window.getNormalBounds(),
        isMaximized: window.isMaximized(),
        isFullScreen: window.isFullScreen(),
      },
    })
  }
  function keepSoon(): void {
    clearTimeout(waiting)
    waiting = setTimeout(keep, keepAfterMs)
  }
  window.on('resize', keepSoon)
  window.on('move', keepSoon)
  window.on('close', keep)
}

function drawAgain(window: BrowserWindow, onPageEnd: () => void): void {
  let ends: number[] = []
  window.webContents.on('render-process-gone', (_, { reason }) => {
    if (reason === 'clean-exit' || window.isDestroyed()) return
    const now = performance.now()
    ends = [...ends.filter((each) => now - each < endsWithinMs), now]
    if (ends.length > endsAtMost) {
      dialog.showErrorBox(english.pageEndsAlways.title, english.pageEndsAlways.body)
      window.destroy()
      return
    }
    window.webContents.reload()
    onPageEnd()
  })
}
