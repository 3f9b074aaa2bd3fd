/** Of a list in columns, what lies in sight and a little beyond. */
export interface HitWindow {
  columns: number
  columnPx: number
  rowPx: number
  /** Of the whole list. */
  tallPx: number
  /** The first hit to be drawn, and the one after the last. */
  start: number
  end: number
  /** How many are in sight. */
  perScreen: number
}

const rowPx = 104
const narrowestPx = 400
const paddingPx = 32
const rowsBeyond = 4

export function hitWindow(
  { widthPx, heightPx, scrollPx }: { widthPx: number; heightPx: number; scrollPx: number },
  hits: number,
): HitWindow {
  const contentPx = Math.max(0, widthPx - paddingPx)
  const columns = Math.max(1, Math.floor(contentPx / narrowestPx))
  const first = Math.max(0, Math.floor(scrollPx / rowPx) - rowsBeyond)
  const last = Math.ceil((scrollPx + heightPx) / rowPx) + rowsBeyond
  return {
    columns,
    columnPx: Math.floor(contentPx / columns),
    rowPx,
    tallPx: Math.ceil(hits / columns) * rowPx,
    start: Math.min(hits, first * columns),
    end: Math.min(hits, last * columns),
    perScreen: Math.max(1, Math.floor(heightPx / rowPx)) * columns,
  }
}
