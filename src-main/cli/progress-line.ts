import type { Progress } from '../contract/records.ts'
import { formatDuration } from './duration.ts'

const barWidth = 24
const phaseNames: Record<Progress['phase'], string> = {
  scan: 'Looking for photos',
  caption: 'Captioning',
  search: 'Indexing',
  export: 'Writing captions out',
  undo: 'Putting sidecars back',
  import: 'Importing',
  backup: 'Backing up',
}

/** One line of progress, for a terminal `columns` wide. Of several pieces of work, captioning is what people wait for. */
export function formatProgress(works: readonly Progress[], columns = 80): string {
  const shown = shownOf(works)
  if (!shown) return ''
  const { phase, unit, done, total, failed, perSecond, remainingMs } = shown
  const name = phaseNames[phase]
  const isOpenEnded = phase === 'scan' || total <= done
  const filled = Math.floor((barWidth * done) / total)
  const parts = isOpenEnded
    ? [`${name}: ${formatCount(done, unit)}${unit === 'bytes' ? '' : ` ${unit}`}`]
    : [
        `${name} ${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)} ${formatCount(done, unit)}/${formatCount(total, unit)}`,
      ]
  if (isOpenEnded) return parts.join('')
  if (perSecond > 0) parts.push(`${formatRate(perSecond, unit)}/s`)
  if (remainingMs !== null) parts.push(`${formatDuration(remainingMs)} left`)
  if (failed > 0) parts.push(`${failed.toLocaleString('en')} failed`)
  return parts.join(' · ').slice(0, Math.max(20, columns - 1))
}

function shownOf(works: readonly Progress[]): Progress | undefined {
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

export interface ProgressLine {
  show(works: readonly Progress[]): void
  /** Leaves the cursor on an empty line, so that other words can follow. */
  clear(): void
}

/**
 * Shows progress on stderr: a line rewritten in place on a terminal, elsewhere (a log file) a line whenever
 * the phase changes and every half minute.
 */
export function createProgressLine(stream: NodeJS.WriteStream = process.stderr): ProgressLine {
  if (stream.isTTY) {
    return {
      show: (works) => void stream.write(`\r\x1b[2K${formatProgress(works, stream.columns)}`),
      clear: () => void stream.write('\r\x1b[2K'),
    }
  }
  let lastPhase: string | undefined
  let lastMs = 0
  return {
    show(works) {
      const phase = shownOf(works)?.phase
      if (phase === undefined || (phase === lastPhase && performance.now() - lastMs < 30_000)) return
      lastPhase = phase
      lastMs = performance.now()
      stream.write(`${formatProgress(works, 200)}\n`)
    },
    clear: () => {},
  }
}
