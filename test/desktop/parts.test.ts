import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Progress } from '../../src-main/contract/records.ts'
import { unpackedPath } from '../../src-main/contract/unpacked-path.ts'
import { isCommand, readArguments } from '../../src-main/desktop/arguments.ts'
import { keepChoices } from '../../src-main/desktop/kept-choices.ts'
import { mapAddress } from '../../src-main/desktop/map-address.ts'
import { menuTemplate } from '../../src-main/desktop/menu.ts'
import { progressShown } from '../../src-main/desktop/run-progress.ts'
import { placeWindow } from '../../src-main/desktop/window-place.ts'

const left = { x: 0, y: 25, width: 1440, height: 875 }
const right = { x: 1440, y: 0, width: 1920, height: 1080 }

test('a window opens where it was, on the display it was on', () => {
  const kept = { x: 1600, y: 100, width: 1200, height: 800 }
  assert.deepEqual(placeWindow(kept, [left, right]), kept)
})

test('a window whose display is gone opens in the middle of the main one, no larger than it', () => {
  const kept = { x: 1600, y: 100, width: 1800, height: 1000 }
  assert.deepEqual(placeWindow(kept, [left]), { ...left })
  assert.deepEqual(placeWindow(undefined, [left]), { x: 80, y: 63, width: 1280, height: 800 })
})

test('a window that hung over an edge is drawn in, and a bar out of sight is brought back', () => {
  assert.deepEqual(placeWindow({ x: 1200, y: 200, width: 900, height: 600 }, [left]), {
    x: 540,
    y: 200,
    width: 900,
    height: 600,
  })
  const above = placeWindow({ x: 100, y: -600, width: 900, height: 600 }, [left])
  assert.ok(above.y >= left.y)
})

test('a bare word is a command, a path is a folder, and switches of Chromium are neither', () => {
  assert.ok(isCommand(['search', 'kite']))
  assert.ok(isCommand(['--help']))
  assert.ok(isCommand(['--json', 'status']))
  assert.ok(!isCommand([]))
  assert.ok(!isCommand(['/home/anna/Pictures']))
  assert.ok(!isCommand(['./photos']))
  assert.ok(!isCommand(['--no-sandbox', '/home/anna/Pictures']))
})

test('the library is named by an option, folders from where the start was', () => {
  const { libraryDirectory, folders } = readArguments(
    ['--no-sandbox', '--library', 'lib', './a', '/b'],
    '/home/anna',
  )
  assert.equal(libraryDirectory, '/home/anna/lib')
  assert.deepEqual(folders, ['/home/anna/a', '/b'])
})

test('what is kept is there at the next start, and a damaged file is a fresh one', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'lenslore-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'choices.json')
  const bounds = { x: 1, y: 2, width: 800, height: 600 }
  keepChoices(file).keep({ window: { bounds, isMaximized: true, isFullScreen: false } })
  keepChoices(file).keep({ mapHosts: ['maps.example'] })
  const untouched = { updates: { isWanted: false, lookedMs: null, waiting: null } }
  assert.deepEqual(keepChoices(file).present, {
    window: { bounds, isMaximized: true, isFullScreen: false },
    mapHosts: ['maps.example'],
    ...untouched,
  })
  writeFileSync(file, readFileSync(file, 'utf8').replace('800', '-8'))
  assert.deepEqual(keepChoices(file).present, { mapHosts: ['maps.example'], window: undefined, ...untouched })
  writeFileSync(file, '{')
  assert.deepEqual(keepChoices(file).present, { mapHosts: [], ...untouched })
})

test('each system finds settings, quit and about where it looks for them', () => {
  const template = (platform: NodeJS.Platform) =>
    menuTemplate({
      platform,
      name: 'Lenslore',
      hasTools: false,
      command() {},
      addFolder() {},
      newWindow() {},
    })
  type Menu = ReturnType<typeof template>[number]
  const entries = (menu: Menu) =>
    (menu.submenu as { label?: string; role?: string }[]).map(({ label, role }) => role ?? label)
  const [ofApp, fileOnMac] = template('darwin') as [Menu, Menu]
  assert.equal(ofApp.label, 'Lenslore')
  for (const wanted of ['about', 'Settings…', 'services', 'hide', 'quit']) {
    assert.ok(entries(ofApp).includes(wanted), wanted)
  }
  assert.ok(!entries(fileOnMac).includes('quit'))
  for (const platform of ['linux', 'win32'] as const) {
    const menus = template(platform)
    assert.ok(entries(menus[0]!).includes('Settings…'))
    assert.ok(entries(menus[0]!).includes('quit'))
    assert.ok(entries(menus.at(-1)!).includes('about'))
    assert.ok(!menus.flatMap(entries).includes('toggleDevTools'))
  }
})

test('dock and taskbar show how far captions are, and a long run is told of when it ends', () => {
  let now = 0
  const show = progressShown(() => now)
  const captions = (done: number): Progress => ({
    phase: 'caption',
    unit: 'photos',
    done,
    total: 200,
    failed: 0,
    perSecond: 1,
    remainingMs: null,
  })
  assert.deepEqual(show([captions(0)]), { bar: 0, endedRun: null })
  now = 120_000
  assert.deepEqual(show([captions(150)]), { bar: 0.75, endedRun: null })
  assert.deepEqual(show([]), { bar: -1, endedRun: 150 })
  assert.deepEqual(show([]), { bar: -1, endedRun: null })
  show([captions(3)])
  now += 1000
  assert.deepEqual(show([]), { bar: -1, endedRun: null }, 'a short run')
})

test('a place is shown by the system, by its own map where there is one', () => {
  assert.deepEqual(mapAddress(48.2, 16.37, { platform: 'linux', mapProgram: '' }), {
    host: 'www.openstreetmap.org',
    address: 'https://www.openstreetmap.org/?mlat=48.200000&mlon=16.370000#map=16/48.200000/16.370000',
  })
  assert.equal(mapAddress(-1, 2, { platform: 'linux', mapProgram: 'Maps' }).address, 'geo:-1.000000,2.000000')
  assert.equal(mapAddress(1, 2, { platform: 'darwin', mapProgram: '' }).host, 'maps.apple.com')
})

test('what others open by its path is beside the archive', () => {
  assert.equal(unpackedPath('/opt/L/app.asar/models/'), '/opt/L/app.asar.unpacked/models/')
  assert.equal(unpackedPath('file:///opt/L/app.asar/out/x.js'), 'file:///opt/L/app.asar.unpacked/out/x.js')
  assert.equal(unpackedPath('/opt/L/app.asar.unpacked/models/'), '/opt/L/app.asar.unpacked/models/')
  assert.equal(unpackedPath('/home/anna/app.asarium/x'), '/home/anna/app.asarium/x')
})
