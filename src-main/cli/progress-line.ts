import type { Progress } from '../contract/records.ts'
import type { UpdateProgress } from '../library/library.ts'
import { formatDuration } from './duration.ts'

const barWidth = 24
const phaseNames: Record<Progress['phase'], string> = {
  scan: 'Looking for photos',
  caption: 'Captioning',
  search: 'Indexing',
  places: 'Finding places',
  change: 'Changing captions',
  revert: 'Putting captions back',
  forget: 'Forgetting photos',
  join: 'Joining folders',
  check: 'Checking the database',
  plan: 'Looking at what would change',
  import: 'Reading the table',
  export: 'Writing captions out',
  undo: 'Putting sidecars back',
  backup: 'Backing up',
  open: 'Opening the model',
  trial: 'Trying how the model runs best here',
  embed: 'Looking at what photos show',
  stack: 'Looking for copies',
  prepare: 'Looking at photos to learn from',
  teach: 'Teaching',
  update: 'Updating the library',
}

/** One line of progress, for a terminal `columns` wide. Of several pieces of work, captioning is what people wait for. */
export function formatProgress(works: readonly Progress[], columns: number): string {
  const shown = shownOf(works)
  if (!shown) return ''
  const { phase, unit, done, total, failed, perSecond, remainingMs } = shown
  const name = phaseNames[phase]
  // Nobody knows how much there is.
  if (total === 0) return `${name} …`
  if (total <= done) return `${name}: ${formatCount(done, unit)}${unit === 'bytes' ? '' : ` ${unit}`}`
  const filled = Math.floor((barWidth * done) / total)
  const parts = [
    `${name} ${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)} ${formatCount(done, unit)}/${formatCount(total, unit)}`,
  ]
  if (perSecond > 0) parts.push(`${formatRate(perSecond, unit)}/s`)
  if (remainingMs !== null) parts.push(`${formatDuration(remainingMs)} left`)
  if (failed > 0) parts.push(`${failed.toLocaleString('en')} failed`)
  return parts.join(' · ').slice(0, Math.max(20, columns - 1))
}

export function shownOf(works: readonly Progress[]): Progress | undefined {
  return works.find(({ phase }) => phase === 'caption') ?? works.at(-1)
}

function formatCount(n: number, unit: Progress['unit']): string {
  return unit === 'bytes' ? `${(n / 1e6).toFixed(1)} MB` : n.toLocaleString('en')
}

function formatRate(perSecond: number, unit: Progress['unit']): string {
  return unit === 'bytes'
    ? formatCount(perSecond, unit)
    : `${perSecond.toFixed(perSecond < 10 ? 1 : 0)} ${unit}`
}

/** One line about a library that is brought up to date, for a terminal `columns` wide. */
export function formatUpdate(progress: UpdateProgress, elapsedMs: number, columns: number): string {
  const elapsed = formatDuration(elapsedMs)
  const line =
    progress.phase === 'waiting'
      ? 'Waiting for another Lenslore, which is restoring or updating the library'
      : progress.phase === 'backup'
        ? `Updating the library: a backup first · ${elapsed}`
        : `Updating the library: ${progress.done + 1} of ${progress.total} · ${elapsed}`
  return line.slice(0, Math.max(20, columns - 1))
}

/** A line on stderr that is rewritten in place on a terminal. */
export interface StatusLine {
  /**
   * Elsewhere than on a terminal (a log file), a line is written whenever `kind` is another one, and every half minute.
   * @param kind null for what is of no interest there.
   * @param format makes the line for so many columns.
   */
  show(kind: string | null, format: (columns: number) => string): void
  /** Leaves the cursor on an empty line, so that other words can follow. */
  clear(): void
}

export function createStatusLine(stream: NodeJS.WriteStream = process.stderr): StatusLine {
  if (stream.isTTY) {
    return {
      show: (_kind, format) => void stream.write(`\r\x1b[2K${format(stream.columns)}`),
      clear: () => void stream.write('\r\x1b[2K'),
    }
  }
  let lastKind: string | null = null
  let lastMs = 0
  return {
    show(kind, format) {
      if (kind === lastKind && performance.now() - lastMs < 30_000) return
      lastKind = kind
      lastMs = performance.now()
      if (kind !== null) stream.write(`${format(200)}\n`)
    },
    clear: () => {},
  }
}
