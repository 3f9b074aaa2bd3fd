/// <reference types="svelte" />
import '../svelte-modules.ts'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DrawnTile } from '../../../src-renderer/grid/drawn.ts'
import type { TimelineState } from '../../../src-renderer/grid/timeline.svelte.ts'
import { LibraryOfNumbers } from './library-of-numbers.ts'

const grid = await import('../../../src-renderer/grid/timeline.svelte.ts')

const viewPx = 800
const measure = { widthPx: 1000, targetPx: 160, captionPx: 0 }

/** A scroller as a browser has it: it stays within its length, and tells when it was moved. */
class FakeScroller {
  #scrollPx = 0
  lengthPx = 0
  get scrollPx(): number {
    return this.#scrollPx
  }
  set scrollPx(px: number) {
    this.#scrollPx = Math.max(0, Math.min(this.lengthPx - viewPx, px))
  }
  setLengthPx(lengthPx: number): void {
    this.lengthPx = lengthPx
    this.scrollPx = this.#scrollPx
  }
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  for (let tries = 0; !isSo(); tries++) {
    if (tries > 3000) throw new Error(`It never came to this: ${what}.`)
    await sleep(2)
  }
}

async function open(t: { after(act: () => void): void }, library: LibraryOfNumbers) {
  const timeline = new grid.TimelineState(library.api, '')
  const scroller = new FakeScroller()
  timeline.resize(measure, viewPx)
  timeline.attach(scroller)
  t.after(() => timeline.close())
  await until('ready', () => timeline.phase === 'ready' && tilesIn(timeline, scroller).length > 0)
  return { timeline, scroller }
}

interface Seen extends DrawnTile {
  topPx: number
}

/** What a person sees, from the top of the view. */
function tilesIn(timeline: TimelineState, scroller: FakeScroller): Seen[] {
  return timeline.drawn.flatMap((month) =>
    month.rows.flatMap((row) =>
      row.tiles
        .map((tile) => ({ ...tile, topPx: month.topPx + row.topPx - scroller.scrollPx }))
        .filter(({ topPx }) => topPx + row.heightPx > 0 && topPx < viewPx),
    ),
  )
}

const blanksIn = (timeline: TimelineState) => timeline.drawn.flatMap(({ blanks }) => blanks)

function scrollBy(timeline: TimelineState, scroller: FakeScroller, byPx: number): number {
  const beforePx = timeline.basePx + scroller.scrollPx
  scroller.scrollPx += byPx
  timeline.onScroll()
  return timeline.basePx + scroller.scrollPx - beforePx
}

test('a timeline is scrolled from end to end over every photo, with few on the page, and back to where it began', async (t) => {
  const library = new LibraryOfNumbers([40, 3, 2600, 900, 1, 700])
  const { timeline, scroller } = await open(t, library)
  const atBegin = tilesIn(timeline, scroller)
  assert.equal(atBegin[0]!.place, 0)
  assert.equal(atBegin[0]!.topPx, 52)
  const seen = new Set<number>()
  const look = async (): Promise<void> => {
    await until('read', () => blanksIn(timeline).length === 0)
    const tiles = tilesIn(timeline, scroller)
    assert.ok(timeline.drawn.flatMap(({ rows }) => rows.flatMap(({ tiles }) => tiles)).length < 400)
    for (const { place, id } of tiles) {
      assert.equal(id, library.ids[place])
      seen.add(id)
    }
  }
  await look()
  while (scrollBy(timeline, scroller, 600) !== 0) await look()
  assert.equal(seen.size, library.ids.length)
  while (scrollBy(timeline, scroller, -700) !== 0) await look()
  assert.deepEqual(tilesIn(timeline, scroller), atBegin)
})

test('any place of a million is reached at once, and what was scrubbed past is not read', async (t) => {
  const library = new LibraryOfNumbers(Array(50).fill(20_000))
  const { timeline, scroller } = await open(t, library)
  library.asked = []
  const gate = Promise.withResolvers<void>()
  library.gate = gate.promise
  for (let place = 50_000; place < 990_000; place += 47_001) timeline.jumpTo(place)
  timeline.jumpTo(765_432)
  gate.resolve()
  await until('read', () => tilesIn(timeline, scroller).some(({ place }) => place === 765_432))
  assert.ok(tilesIn(timeline, scroller)[0]!.topPx <= 60)
  const pages = library.asked.filter(({ call }) => call === 'timelinePage')
  const kept = pages.filter(({ isCancelled }) => !isCancelled)
  assert.ok(pages.length > 20)
  assert.ok(
    kept.every(({ offset }) => Math.abs(offset! - 765_432) < 3000),
    'the others were called off',
  )
  timeline.jumpTo(999_999)
  await until('read', () => tilesIn(timeline, scroller).some(({ place }) => place === 999_999))
})

test('photos that come above what is seen move nothing, and the focus and a small selection go with their photos', async (t) => {
  const library = new LibraryOfNumbers([300, 2000])
  const { timeline, scroller } = await open(t, library)
  timeline.jumpTo(1200)
  await until('read', () => blanksIn(timeline).length === 0 && tilesIn(timeline, scroller).length > 0)
  const chosen = tilesIn(timeline, scroller)[4]!
  await timeline.focusOn(chosen.place)
  const before = tilesIn(timeline, scroller)
  timeline.selection.only(chosen.place)
  library.add(0, 9001, 9002, 9003)
  library.tell({ photoIds: [9001, 9002, 9003] })
  await until('moved', () => timeline.total === 2303)
  const after = new Map(tilesIn(timeline, scroller).map((tile) => [tile.id, tile]))
  for (const tile of before) {
    assert.equal(after.get(tile.id)?.topPx, tile.topPx)
    assert.equal(after.get(tile.id)?.place, tile.place + 3)
  }
  assert.equal(timeline.focusId, chosen.id)
  assert.deepEqual(timeline.selection.ranges, [[chosen.place + 3, chosen.place + 4]])
  assert.deepEqual(timeline.selection.asSelection(), { photos: [chosen.id] })
})

test('a photo that goes leaves the grid and the selection', async (t) => {
  const library = new LibraryOfNumbers([30, 20])
  const { timeline, scroller } = await open(t, library)
  timeline.selection.only(3)
  timeline.selection.toggle(7)
  const [gone, stays] = [library.ids[3]!, library.ids[7]!]
  library.remove(gone)
  library.tell({ removedIds: [gone] })
  await until('gone', () => timeline.total === 49)
  assert.ok(tilesIn(timeline, scroller).every(({ id }) => id !== gone))
  assert.deepEqual(timeline.selection.asSelection(), { photos: [stays] })
  assert.equal(library.ids[timeline.selection.ranges[0]![0]], stays)
})

test('a great selection is given up where photos came, and all stays all', async (t) => {
  const library = new LibraryOfNumbers([3000])
  const { timeline } = await open(t, library)
  timeline.selection.only(10)
  timeline.selection.extendTo(2000)
  assert.equal(timeline.selection.count, 1991)
  library.add(0, 9001)
  library.tell({ photoIds: [9001] })
  await until('given up', () => timeline.lostSelections === 1)
  assert.equal(timeline.selection.count, 0)
  timeline.selection.all()
  library.add(0, 9002)
  library.tell({ photoIds: [9002] })
  await until('moved', () => timeline.total === 3002)
  assert.equal(timeline.selection.count, 3002)
  assert.equal(timeline.lostSelections, 1)
  assert.deepEqual(timeline.selection.asSelection(), { query: '', token: library.token, ranges: [[0, 3002]] })
})

test('a caption arrives over its photo, and nothing else moves', async (t) => {
  const library = new LibraryOfNumbers([200])
  const { timeline, scroller } = await open(t, library)
  const { id } = tilesIn(timeline, scroller)[5]!
  await until('tiles', () => timeline.tileOf(id) !== undefined)
  const before = tilesIn(timeline, scroller).map(({ flags: _, ...tile }) => tile)
  library.captions.set(id, 'a dog runs')
  library.tell({ photoIds: [id] })
  await until('arrived', () => timeline.hasArrived(id))
  assert.equal(timeline.tileOf(id)?.caption, 'a dog runs')
  assert.equal(timeline.arrivals, 1)
  await until('flags', () => tilesIn(timeline, scroller)[5]!.flags !== 0)
  assert.deepEqual(
    tilesIn(timeline, scroller).map(({ flags: _, ...tile }) => tile),
    before,
  )
})

test('heads count the captions of months in sight alone, and again when captions came', async (t) => {
  const library = new LibraryOfNumbers([12, 9, 4000, 30])
  const { timeline } = await open(t, library)
  await until('counted', () => timeline.countsOf(['2026-12']) !== undefined)
  assert.deepEqual(timeline.countsOf(['2026-11']), { captioned: 0, unsure: 0, offline: 0 })
  assert.equal(timeline.countsOf(['2026-09']), undefined)
  library.captions.set(library.ids[2]!, 'a dog runs')
  library.tell({ photoIds: [library.ids[2]!] })
  await until('counted again', () => timeline.countsOf(['2026-12'])?.captioned === 1)
  timeline.jumpTo(4030)
  await until('counted there', () => timeline.countsOf(['2026-09']) !== undefined)
})

test('rows made anew for another width keep the first photo at the top', async (t) => {
  const library = new LibraryOfNumbers([5000])
  const { timeline, scroller } = await open(t, library)
  timeline.jumpTo(2500)
  await until('read', () => blanksIn(timeline).length === 0 && tilesIn(timeline, scroller).length > 0)
  const at = timeline.topPlace
  timeline.resize({ ...measure, widthPx: 700 }, viewPx)
  await until('read', () => blanksIn(timeline).length === 0)
  const row = timeline.drawn[0]!.rows.find(({ tiles }) => tiles.some(({ place }) => place === at))!
  const topPx = timeline.drawn[0]!.topPx + row.topPx - scroller.scrollPx
  assert.ok(topPx <= 52 && topPx + row.heightPx + 4 > 52, `${topPx}`)
})

test('arrows go down by the middle of photos, over the end of a month, and come back', async (t) => {
  const library = new LibraryOfNumbers([7, 600, 12])
  const { timeline } = await open(t, library)
  let place = 0
  const way = [place]
  for (;;) {
    const next = await timeline.placeBeyond(place, 1)
    if (next === place) break
    assert.ok(next > place)
    place = next
    way.push(place)
  }
  assert.ok(place >= 607, 'the last month was reached')
  while (place > 0) {
    const next = await timeline.placeBeyond(place, -1)
    if (next === place) break
    place = next
  }
  assert.ok(place < 7)
})

test('a lasso takes the photos it touches, row by row', async (t) => {
  const library = new LibraryOfNumbers([200])
  const { timeline, scroller } = await open(t, library)
  const all = timeline.placesIn({ leftPx: 0, rightPx: 1000, topPx: 0, bottomPx: 400 })
  assert.equal(all[0]![0], 0)
  const left = timeline.placesIn({ leftPx: 0, rightPx: 10, topPx: 0, bottomPx: 400 })
  assert.deepEqual(
    left,
    all.map(([start]) => [start, start + 1]),
  )
  assert.deepEqual(timeline.placesIn({ leftPx: 0, rightPx: 1000, topPx: 0, bottomPx: 40 }), [])
  assert.ok(scroller.lengthPx > viewPx)
})
