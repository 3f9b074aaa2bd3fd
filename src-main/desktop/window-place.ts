import type { Rectangle } from 'electron'

const usual = { width: 1280, height: 800 }
/** Of a window's top edge: enough to take hold of. */
const heldPx = 48

export const smallest = { width: 720, height: 480 }

/**
 * Where a window opens: where it was, if it can still be seen and moved there; else in the middle of the first display.
 * @param kept its bounds when it was closed
 * @param workAreas of the displays there are, the main one first
 */
export function placeWindow(kept: Rectangle | undefined, workAreas: readonly Rectangle[]): Rectangle {
  const area = workAreas.find((each) => kept && holds(each, kept)) ?? workAreas[0]!
  const width = within(kept?.width ?? usual.width, smallest.width, area.width)
  const height = within(kept?.height ?? usual.height, smallest.height, area.height)
  if (!kept || !holds(area, kept)) {
    const x = area.x + Math.round((area.width - width) / 2)
    return { x, y: area.y + Math.round((area.height - height) / 2), width, height }
  }
  return {
    x: within(kept.x, area.x, area.x + area.width - width),
    y: within(kept.y, area.y, area.y + area.height - height),
    width,
    height,
  }
}

/** Whether the bar of a window is on a display, as far as it takes to move it. */
function holds(area: Rectangle, { x, y, width }: Rectangle): boolean {
  const overlap = Math.min(x + width, area.x + area.width) - Math.max(x, area.x)
  return overlap >= heldPx && y >= area.y - heldPx && y <= area.y + area.height - heldPx
}

function within(value: number, least: number, most: number): number {
  return Math.max(Math.min(value, most), Math.min(least, most))
}
