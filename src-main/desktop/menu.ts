import type { MenuItemConstructorOptions } from 'electron'
import { english } from './english.ts'

export interface MenuOptions {
  platform: NodeJS.Platform
  /** Of the app, as systems show it. */
  name: string
  /** While it is developed. */
  hasTools: boolean
  /** Has the page of the window in front do what it registered under this name. */
  command(id: string): void
  addFolder(): void
  newWindow(): void
}

type Items = MenuItemConstructorOptions[]

const line = { type: 'separator' } as const
const words = english.menu

/** The menus of the app, each system's own entries where it looks for them. The page handles a key first, and the menu shows it. */
export function menuTemplate(options: MenuOptions): Items {
  const isMac = options.platform === 'darwin'
  const { command } = options
  function item(label: string, id: string, accelerator?: string): MenuItemConstructorOptions {
    return { label, click: () => command(id), ...(accelerator && { accelerator }) }
  }
  const settings = item(words.settings, 'go-settings', 'CmdOrCtrl+,')

  return [
    ...(isMac ? [appMenu(options.name, settings)] : []),
    {
      label: words.file,
      submenu: [
        { label: words.addFolder, accelerator: 'CmdOrCtrl+O', click: options.addFolder },
        { label: words.newWindow, accelerator: 'CmdOrCtrl+Shift+N', click: options.newWindow },
        line,
        ...(isMac ? ([{ role: 'close' }] as Items) : ([settings, line, { role: 'quit' }] as Items)),
      ],
    },
    {
      label: words.edit,
      submenu: [
        { role: 'undo' },
        { role: 'redo' },
        line,
        { role: 'cut' },
        { role: 'copy' },
        { role: 'paste' },
        { role: 'selectAll' },
      ],
    },
    {
      label: words.view,
      submenu: [
        item(words.sidebar, 'sidebar', 'CmdOrCtrl+B'),
        item(words.theme, 'theme', 'CmdOrCtrl+Shift+L'),
        item(words.palette, 'palette', 'CmdOrCtrl+K'),
        line,
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        line,
        { role: 'togglefullscreen' },
        ...(options.hasTools ? ([line, { role: 'reload' }, { role: 'toggleDevTools' }] as Items) : []),
      ],
    },
    {
      label: words.go,
      submenu: [
        item(words.allPhotos, 'go-all'),
        item(words.unsure, 'go-unsure'),
        item(words.teach, 'go-teach'),
        item(words.work, 'go-work'),
        line,
        item(words.pause, 'pause'),
      ],
    },
    ...(isMac ? ([{ role: 'windowMenu' }] as Items) : []),
    {
      role: 'help',
      label: words.help,
      submenu: [item(words.shortcuts, 'shortcuts'), ...(isMac ? [] : ([line, { role: 'about' }] as Items))],
    },
  ]
}

function appMenu(name: string, settings: MenuItemConstructorOptions): MenuItemConstructorOptions {
  return {
    label: name,
    submenu: [
      { role: 'about' },
      line,
      settings,
      line,
      { role: 'services' },
      line,
      { role: 'hide' },
      { role: 'hideOthers' },
      { role: 'unhide' },
      line,
      { role: 'quit' },
    ],
  }
}
