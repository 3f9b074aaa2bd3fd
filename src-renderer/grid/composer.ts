import { type Columns, colorAt, hashAt } from './columns.ts'
import { type DrawnBlank, type DrawnRow, type DrawnSection, type DrawnTile, Slots } from './drawn.ts'
import type { Layout, PlacedRow } from './layout.ts'
import { spansOf } from './rows.ts'

/** Of a photo, before any was seen. */
export const usualRatio = 1.4
const mostTiles = 360
/** How far the boxes of sections reach in steps, so that they rarely change while scrolling. */
const boxStepPx = 1024

/** All that is near what is seen. */
export interface Scene {
  layout: Layout
  columns: Columns
  /** The height of the library at which the runway begins, and at the top of the view. */
  basePx: number
  topPx: number
  viewPx: number
  /** How far beyond the view there are to be rows. */
  reachPx: number
  focusPlace: number
  hasFocus: boolean
}

interface SectionBox {
  topPx: number
  endPx: number
  rows: DrawnRow[]
  blanks: DrawnBlank[]
}

/** How far beyond the view there are rows, on either side. */
export function reachOf(layout: Layout, viewPx: number): number {
  const { widthPx, targetPx } = layout.measure
  const tilesPerPx = widthPx / (usualRatio * targetPx * targetPx)
  return Math.max(160, Math.min(viewPx, (mostTiles / tilesPerPx - viewPx) / 2))
}

/** Puts sections, rows and tiles together that are to be on the page; what is as it was before is the same object. */
export class Composer {
  readonly #slots = new Slots()
  #rows = new Map<string, { row: DrawnRow; stamp: number }>()
  #stamp = 0

  /** Tiles that were drawn may be others by now. */
  renew(): void {
    this.#stamp++
  }

  /** @returns also whether the photo at `focusPlace` is among what is near the view */
  compose(scene: Scene): { drawn: DrawnSection[]; isFocusNear: boolean } {
    const { layout, basePx, topPx, viewPx, reachPx, focusPlace } = scene
    const [fromPx, toPx] = [Math.max(0, topPx - reachPx), topPx + viewPx + reachPx]
    const boxFromPx = Math.floor(fromPx / boxStepPx) * boxStepPx
    const boxToPx = Math.ceil(toPx / boxStepPx) * boxStepPx
    const [fromPart, toPart] = [layout.partAt(fromPx), layout.partAt(toPx)]
    const boxes = new Map<number, SectionBox>()
    const placed: PlacedRow[] = []
    for (let part = fromPart; part <= toPart; part++) {
      const section = layout.sectionOfPart[part]!
      if (!boxes.has(section)) boxes.set(section, boxOf(layout, section, boxFromPx, boxToPx))
      if (layout.rowsOf(part)) placed.push(...layout.rowsBetween(part, fromPx, toPx))
      else boxes.get(section)!.blanks.push(...blankOf(layout, part, boxFromPx, boxToPx))
    }
    const isFocusNear = placed.some(
      ({ firstPlace, endPlace }) => firstPlace <= focusPlace && focusPlace < endPlace,
    )
    const focused = scene.hasFocus && !isFocusNear ? layout.rowOfPlace(focusPlace) : undefined
    // The element with the focus must stay, wherever the person scrolls.
    if (focused) {
      placed.push(focused)
      const section = layout.sectionOfPart[focused.part]!
      const endPx = focused.topPx + focused.heightPx
      if (!boxes.has(section)) boxes.set(section, { topPx: focused.topPx, endPx, rows: [], blanks: [] })
    }
    this.#drawRows(scene, placed, boxes)
    const drawn = [...boxes].map(([index, { topPx, endPx, rows, blanks }]) => ({
      ...layout.sections[index]!,
      topPx: topPx - basePx,
      heightPx: endPx - topPx,
      rowIndex: layout.rowsBefore(layout.partOfSection[index]!),
      rows,
      blanks: blanks.map((blank) => ({ ...blank, topPx: blank.topPx - topPx })),
    }))
    return { drawn, isFocusNear }
  }

  #drawRows(
    { layout, columns }: Scene,
    placed: readonly PlacedRow[],
    boxes: ReadonlyMap<number, SectionBox>,
  ): void {
    const slots = this.#slots.assign(placed.map(keyOf))
    const before = this.#rows
    this.#rows = new Map()
    for (const [at, each] of placed.entries()) {
      const box = boxes.get(layout.sectionOfPart[each.part]!)!
      const known = before.get(keyOf(each))
      const isKnown = known?.stamp === this.#stamp
      const place = {
        topPx: each.topPx - box.topPx,
        rowIndex: layout.rowsBefore(each.part) + each.row + 1,
      }
      const isSame = isKnown && known.row.topPx === place.topPx && known.row.rowIndex === place.rowIndex
      const row = isSame
        ? known.row
        : {
            slot: slots[at]!,
            heightPx: each.heightPx,
            ...place,
            tiles: isKnown ? known.row.tiles : drawTiles(layout, columns, each),
          }
      this.#rows.set(keyOf(each), { row, stamp: this.#stamp })
      box.rows.push(row)
    }
  }
}

const keyOf = ({ part, row }: PlacedRow) => `${part}:${row}`

function boxOf(layout: Layout, section: number, fromPx: number, toPx: number): SectionBox {
  const [first, next] = [layout.partOfSection[section]!, layout.partOfSection[section + 1]!]
  return {
    topPx: Math.max(layout.topOf(first), fromPx),
    endPx: Math.min(layout.topOf(next), toPx),
    rows: [],
    blanks: [],
  }
}

/** Of a part that was not read, what of it is near; its top is that of the library. */
function blankOf(layout: Layout, part: number, fromPx: number, toPx: number): DrawnBlank[] {
  const topPx = Math.max(layout.rowsTopOf(part), fromPx)
  const endPx = Math.min(layout.rowsTopOf(part) + layout.rowsHeightOf(part), toPx)
  return endPx > topPx ? [{ part, topPx, heightPx: endPx - topPx }] : []
}

function drawTiles(layout: Layout, columns: Columns, { part, row, firstPlace }: PlacedRow): DrawnTile[] {
  return spansOf(layout.rowsOf(part)!, row).flatMap(({ leftPx, widthPx }, at) => {
    const found = columns.at(firstPlace + at)
    if (!found) return []
    const { page, index } = found
    return {
      place: firstPlace + at,
      id: page.ids[index]!,
      leftPx,
      widthPx,
      sortMs: page.sortMs[index]!,
      flags: page.flags[index]!,
      hash: hashAt(found),
      color: colorAt(found),
    }
  })
}
