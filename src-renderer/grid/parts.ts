import { blocksOf, type Columns } from './columns.ts'
import type { Layout } from './layout.ts'
import { breakRows } from './rows.ts'

/** The blocks of columns that hold the photos of a part. */
export function blocksOfPart(layout: Layout, part: number): number[] {
  return blocksOf(layout.partStarts[part]!, layout.partStarts[part + 1]!)
}

/** Makes the rows of a part whose columns are at hand. @returns whether there are rows */
export function readPart(layout: Layout, columns: Columns, part: number): boolean {
  return layout.rowsOf(part) !== undefined || breakPart(layout, columns, part)
}

/** The same where there are rows already, as of columns that were read again. */
export function breakPart(layout: Layout, columns: Columns, part: number): boolean {
  const ratios = columns.ratios(layout.partStarts[part]!, layout.partStarts[part + 1]!)
  if (ratios) layout.setRows(part, breakRows(ratios, layout.measure, layout.endsSection(part)))
  return ratios !== undefined
}
