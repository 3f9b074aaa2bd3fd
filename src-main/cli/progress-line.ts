import type { Progress } from '../contract/records.ts'
import { formatDuration } from './duration.ts'

const barWidth = 24
const phaseNames: Record<Progress['phase'], string> = {
  scan: 'Looking for photos',
  index: 'Reading photos',
  caption: 'Captioning',
  search: 'Indexing',
  change: 'Changing captions',
  forget: 'Forgetting photos',
  check: 'Checking the database',
  import: 'Reading the table',
  export: 'Writing the table',
  idle: 'Done',
}

/** One line of progress, for a terminal `columns` wide. */
export function formatProgress(progress: Progress, columns = 80): string {
  const { phase, done, total, failed, photosPerSecond, remainingMs } = progress
  const name = phaseNames[phase]
  if (phase === 'scan') return `${name}: ${done.toLocaleString('en')} files`
  // Nobody knows how much there is.
  if (total === 0) return phase === 'idle' ? name : `${name} …`
  const filled = total > 0 ? Math.floor((barWidth * done) / total) : 0
  const parts = [
    `${name} ${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)} ${done.toLocaleString('en')}/${total.toLocaleString('en')}`,
  ]
  if (photosPerSecond > 0) parts.push(`${photosPerSecond.toFixed(photosPerSecond < 10 ? 1 : 0)} photos/s`)
  if (remainingMs !== null) parts.push(`${formatDuration(remainingMs)} left`)
  if (failed > 0) parts.push(`${failed.toLocaleString('en')} failed`)
  return parts.join(' · ').slice(0, Math.max(20, columns - 1))
}

export interface ProgressLine {
  show(progress: Progress): void
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
      show: (progress) => void stream.write(`\r\x1b[2K${formatProgress(progress, stream.columns)}`),
      clear: () => void stream.write('\r\x1b[2K'),
    }
  }
  let lastPhase: string | undefined
  let lastMs = 0
  return {
    show(progress) {
      if (progress.phase === lastPhase && performance.now() - lastMs < 30_000) return
      lastPhase = progress.phase
      lastMs = performance.now()
      if (progress.phase !== 'idle') stream.write(`${formatProgress(progress, 200)}\n`)
    },
    clear: () => {},
  }
}
