import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { z } from 'zod'

const dayMs = 86_400_000

const note = z.object({ reason: z.string(), atMs: z.number() })

/** Why no desktop window could be had, within the last day; null: try. */
export function reasonOfToday(file: string, nowMs = Date.now()): string | null {
  try {
    const { reason, atMs } = note.parse(JSON.parse(readFileSync(file, 'utf8')))
    return atMs <= nowMs && nowMs - atMs < dayMs ? reason : null
  } catch {
    return null
  }
}

export function rememberReason(file: string, reason: string, nowMs = Date.now()): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, JSON.stringify({ reason, atMs: nowMs }))
}
