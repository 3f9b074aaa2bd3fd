import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeLink } from '../../src-main/server/running-servers.ts'
import { accessibilityFaults, makePicture, needsBrowser, openWindow } from './open-window.ts'

test(
  'a page whose session was ended shows nothing of the library, and says how to come back',
  needsBrowser,
  async (t) => {
    const { page, served } = await openWindow(t, {
      makePhotos: (folder) => makePicture(join(folder, 'one.jpg'), 1),
      expectedFaults: /WebSocket|401/,
    })
    const sockets: string[] = []
    page.on('websocket', (socket) => sockets.push(socket.url()))
    const other = await served.openPage(await served.enter(makeLink(served.directory).split('/open/')[1]))
    const [browser] = (await other.sessions({})).filter(({ isOwn }) => !isOwn)
    await other.endSession({ id: browser!.id })

    await page.getByRole('heading', { name: 'This session was ended.' }).waitFor()
    await page.getByText('lenslore serve --link prints a new link.').waitFor()
    assert.equal(await page.locator('nav, footer, [role="grid"]').count(), 0)
    assert.deepEqual(await accessibilityFaults(page), [])
    // It does not try for ever: one try told it.
    assert.equal(sockets.length, 1)
  },
)
