import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { drawSquares } from '../processes/library-in-process.ts'
import { layOutPackage, openApp, type RunningApp, runPackaged } from './app-under-test.ts'
import { buildApp } from './build-app.ts'
import { chromiumMissing } from './chromium-missing.ts'

before(buildApp)

const address = /^photo:\/\/library\/[1-9]\d*\/(?:[0-9a-f]{16}|-)\/(?:thumb|full)$/

/** The notice that the window shows. */
const notice = (app: RunningApp, words: RegExp) => app.page.getByText(words).first().waitFor()

async function folderNames(app: RunningApp): Promise<string[]> {
  return app.page.locator('ul[aria-labelledby="folders"] .name').allTextContents()
}

async function askedOf(app: RunningApp, name: string): Promise<unknown[][]> {
  const all = await app.inMain(({ asked }) => asked)
  return all.filter((each) => each.name === name).map(({ args }) => args)
}

function chooseInMenu(app: RunningApp, label: string): Promise<void> {
  return app.inMain(({ Menu }, wanted) => {
    type Item = { label?: string; click?(): void; submenu?: { items: Item[] } }
    const items = (Menu.getApplicationMenu() as unknown as { items: Item[] }).items
    items.flatMap((item) => item.submenu?.items ?? []).find((item) => item.label === wanted)!.click!()
  }, label)
}

test('the shell, from a package', { timeout: 240_000, skip: chromiumMissing }, async (t) => {
  const home = mkdtempSync(join(tmpdir(), 'lenslore-shell-'))
  t.after(() => rmSync(home, { recursive: true, force: true, maxRetries: 5 }))
  const [photos, more, dropped, handed] = ['photos', 'more', 'dropped', 'handed'].map((name) => {
    mkdirSync(join(home, name))
    return join(home, name)
  }) as [string, string, string, string]
  for (const [folder, name, colour] of [
    [photos, 'one.jpg', 'navy'],
    [photos, 'two.jpg', 'olive'],
    [more, 'three.jpg', 'teal'],
    [dropped, 'four.jpg', 'maroon'],
    [handed, 'five.jpg', 'purple'],
  ] as const) {
    await drawSquares(join(folder, name), colour)
    writeFileSync(join(folder, name.replace('jpg', 'cr2')), 'what the camera saw')
  }
  const filesOnDisk = () => [photos, more, dropped, handed].flatMap((folder) => readdirSync(folder)).length
  const app = await openApp(t, { application: layOutPackage(t), args: [photos], home })
  const { page } = app
  const tiles = page.getByRole('gridcell')
  const pageIs = (expression: string) => until(async () => Boolean(await page.evaluate(expression)))
  const tilesAre = (count: number) => tiles.nth(count - 1).waitFor()

  await t.test(
    'a folder handed over at the start is shown, captioned by an engine that main started',
    async () => {
      await tilesAre(2)
      await pageIs(`[...document.querySelectorAll('[role=gridcell] img')]
      .filter((picture) => picture.naturalWidth > 0).length >= 2`)
      await pageIs(`[...document.querySelectorAll('[role=gridcell]')]
      .every((tile) => !/^No caption yet/.test(tile.getAttribute('aria-label')))`)
      const started = await askedOf(app, 'fork')
      assert.deepEqual(new Set(started.flat()), new Set(['library-process.js', 'engine-process.js']))
      assert.ok((await askedOf(app, 'setProgressBar')).some(([value]) => value !== -1))
    },
  )

  await t.test('every picture has an address without a path, and a type', async () => {
    const pictures = (await askedOf(app, 'answer')).filter(([url]) => String(url).startsWith('photo:'))
    assert.ok(pictures.length >= 2)
    for (const [url, status, type] of pictures) {
      assert.match(String(url), address)
      assert.equal(status, 200)
      assert.equal(type, 'image/webp')
    }
  })

  await t.test('the page has of Electron what the preload gives it, and nothing complains', async () => {
    const had = await page.evaluate(`({
      names: ['require', 'process', 'module', 'Buffer', 'electron', 'ipcRenderer'].filter((name) => name in window),
      host: Object.keys(window.lensloreHost),
    })`)
    assert.deepEqual(had, { names: [], host: ['askForLines'] })
    assert.deepEqual(app.complaints, [])
    assert.deepEqual(await askedOf(app, 'enableSandbox'), [[]])
  })

  await t.test('a menu has the page do what it registered', async () => {
    await chooseInMenu(app, 'Settings…')
    await pageIs(`location.hash.startsWith('#/settings')`)
    await chooseInMenu(app, 'All Photos')
    await tilesAre(2)
  })

  await t.test('a folder enters by dialog, by drop and by a second start, which ends', async () => {
    await app.inMain(({ answers }, path) => {
      answers.showOpenDialog = { filePaths: [path] }
    }, more)
    await chooseInMenu(app, 'Add Folder…')
    await tilesAre(3)

    const cdp = await page.context().newCDPSession(page)
    const data = { items: [], files: [dropped], dragOperationsMask: 1 }
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
      await cdp.send('Input.dispatchDragEvent', { type, x: 300, y: 300, data })
    }
    await tilesAre(4)

    assert.equal(await app.startAgain([handed]), 0)
    await tilesAre(5)
    // The sidebar asks for its folders by itself, and may come after the photos.
    await until(async () => (await folderNames(app)).length === 4)
    assert.deepEqual((await folderNames(app)).sort(), ['dropped', 'handed', 'more', 'photos'])
  })

  await t.test('a file that a script made brings no path, and no folder', async () => {
    await page.evaluate(`{
      const transfer = new DataTransfer()
      transfer.items.add(new File(['x'], 'etc'))
      window.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, bubbles: true }))
    }`)
    assert.equal((await folderNames(app)).length, 4)
  })

  await t.test('a photo is shown in its folder and dragged out by its id', async () => {
    await tiles.first().dispatchEvent('dragstart')
    await until(async () => (await askedOf(app, 'startDrag')).length === 1)
    const [[files]] = (await askedOf(app, 'startDrag')) as [[string[]]]
    assert.equal(files.length, 1)
    assert.ok(existsSync(files[0]!))

    await tiles.first().dblclick()
    await page.getByRole('button', { name: 'Show in folder' }).click()
    await until(async () => (await askedOf(app, 'showItemInFolder')).length === 1)
    assert.ok(String((await askedOf(app, 'showItemInFolder'))[0]![0]).startsWith(home))
    await page.keyboard.press('Escape')
    await tilesAre(5)
  })

  await t.test('a photo goes to the trash after one question, and undo brings it back', async () => {
    await tiles.first().click()
    await page.keyboard.press('Delete')
    await page.getByRole('dialog').getByRole('button', { name: 'Move to the trash' }).click()
    await notice(app, /Undo brings it back/)
    assert.equal(filesOnDisk(), 8, 'with its raw file')
    await page.keyboard.press('Control+z')
    await notice(app, /brought back/)
    assert.equal(filesOnDisk(), 10)
  })

  await t.test('the page stays where it is: no other address, window, or file', async () => {
    const before = page.url()
    await page.evaluate(`void (location.href = 'https://example.org/')`)
    await until(async () =>
      (await askedOf(app, 'request')).every(([url]) => !String(url).includes('example')),
    )
    await page.evaluate(`void window.open('/index.html')`)
    const wrong = [
      'photo://library//etc/passwd',
      'photo://library/1/-/thumb?path=/etc/passwd',
      'photo://1/-/thumb',
      'photo://library/999/-/thumb',
      'https://example.org/picture.png',
    ]
    const seen = await page.evaluate(`Promise.all(${JSON.stringify(wrong)}.map((source) => {
      const image = new Image()
      image.src = source
      return image.decode().then(() => source, () => 'refused')
    }))`)
    assert.deepEqual(
      seen,
      wrong.map(() => 'refused'),
    )
    const read = await page.evaluate(`fetch('/index.html').then(() => 'read', () => 'refused')`)
    assert.equal(read, 'refused')
    // What was refused is closed a moment later.
    await until(async () => page.url() === before && page.context().pages().length === 1)
    app.complaints.length = 0
  })

  await t.test('an engine that is killed is told of, and another one goes on', async () => {
    await killed(app, 'engine-process.js')
    await notice(app, /engine stopped working/)
    await drawSquares(join(more, 'six.jpg'), 'tomato')
    await tilesAre(6)
  })

  await t.test('a library that is killed is told of, and the page goes on with the next', async () => {
    await killed(app, 'library-process.js')
    await notice(app, /another one is started/)
    await chooseInMenu(app, 'Work')
    await chooseInMenu(app, 'All Photos')
    await tilesAre(6)
    await page.locator('[role=gridcell]').first().click()
    assert.equal((await folderNames(app)).length, 4)
    // Pictures that were asked for in between.
    app.complaints.splice(0, Infinity, ...app.complaints.filter((each) => !/503/.test(each)))
  })

  await t.test('what the machine is doing reaches the library, and captions keep it awake', async () => {
    assert.ok((await askedOf(app, 'stayAwake')).length > 0)
  })

  await t.test('it ends with all its processes, and remembers where its window stood', async () => {
    await app.inMain(({ BrowserWindow }) =>
      BrowserWindow.all[0]!.setBounds({ x: 40, y: 50, width: 1000, height: 700 }),
    )
    const pids = await app.inMain(({ processes }) => processes.flatMap(({ utility }) => utility.pid ?? []))
    assert.ok(pids.length > 0)
    assert.equal(await app.quit(), 0)
    for (const pid of pids) assert.throws(() => process.kill(pid, 0), `${pid} is still there`)
    const kept = JSON.parse(readFileSync(join(app.libraryDirectory, 'window', 'choices.json'), 'utf8'))
    assert.deepEqual(kept.window.bounds, { x: 40, y: 50, width: 1000, height: 700 })
    assert.deepEqual(app.complaints, [])
  })
})

test('the package is the command line, too', { timeout: 120_000 }, async (t) => {
  const home = mkdtempSync(join(tmpdir(), 'lenslore-shell-'))
  t.after(() => rmSync(home, { recursive: true, force: true, maxRetries: 5 }))
  mkdirSync(join(home, 'photos'))
  await drawSquares(join(home, 'photos', 'one.jpg'), 'navy')
  const application = layOutPackage(t)
  const { status } = await runPackaged(application, ['run', join(home, 'photos')], home)
  assert.equal(status, 0)
  const { text } = await runPackaged(application, ['status', '--json'], home)
  assert.equal(JSON.parse(text).captioned, 1)
  assert.equal((await runPackaged(application, ['show', '999'], home)).status, 3)
})

async function killed(app: RunningApp, name: string): Promise<void> {
  await until(() =>
    app.inMain(({ processes }, wanted) => {
      const found = processes.findLast((each) => each.name === wanted && each.utility.pid !== undefined)
      if (found) process.kill(found.utility.pid!, 'SIGKILL')
      return found !== undefined
    }, name),
  )
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + 30_000
  while (!(await holds())) {
    if (performance.now() > endMs) throw new Error(`It never came to be so: ${holds}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
