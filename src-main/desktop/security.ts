import { app, type IpcMainEvent, type Session, session } from 'electron'
import { pageOrigin } from './page-protocol.ts'

/** All that a page may have of what Chromium asks for: to put a caption into the clipboard. */
const allowedPermission = 'clipboard-sanitized-write'
const ownSchemes = ['app:', 'photo:', 'blob:', 'data:', 'devtools:']

function isPageAddress(address: string): boolean {
  return address === pageOrigin || address.startsWith(`${pageOrigin}/`)
}

/** Whether a message comes from the page itself: the whole of a window of ours, showing what we serve. */
export function isFromPage({ sender, senderFrame }: IpcMainEvent): boolean {
  return senderFrame !== null && senderFrame === sender.mainFrame && isPageAddress(senderFrame.url)
}

/** Whatever a page tries, it stays the page that we serve, alone in its window. To be called before there is a window. */
export function confinePages(): void {
  confineSession(session.defaultSession)
  app.on('web-contents-created', (_, contents) => {
    contents.setWindowOpenHandler(() => ({ action: 'deny' }))
    contents.on('will-attach-webview', (event) => event.preventDefault())
    contents.on('will-frame-navigate', (event) => {
      if (!event.isMainFrame || !isPageAddress(event.url)) event.preventDefault()
    })
    contents.on('will-redirect', (event) => event.preventDefault())
  })
}

function confineSession(ours: Session): void {
  ours.setPermissionRequestHandler((contents, permission, answer) =>
    answer(permission === allowedPermission && isPageAddress(contents.getURL())),
  )
  ours.setPermissionCheckHandler(
    (_, permission, origin) => permission === allowedPermission && isPageAddress(origin),
  )
  ours.setDevicePermissionHandler(() => false)
  ours.on('will-download', (event) => event.preventDefault())
  ours.webRequest.onBeforeRequest(({ url }, answer) =>
    answer({ cancel: !ownSchemes.includes(new URL(url).protocol) }),
  )
}
