import type { LibraryStatus, Progress } from '../../src-main/contract/records.ts'

/** `done`: every photo that can have a caption has one. */
export type CaptioningStage =
  | 'empty'
  | 'paused'
  | 'waiting'
  /** For the machine to be free. */
  | 'idle'
  | 'mains'
  | 'running'
  | 'stopped'
  | 'done'

/** Of captioning, what the status line and Work show. */
export interface CaptioningShown {
  stage: CaptioningStage
  photos: number
  captioned: number
  /** Of all photos, from 0 to 1. */
  share: number
  /** Null while nothing is captioned. */
  perSecond: number | null
  remainingMs: number | null
}

/** The counts of the status, and between two of those what the work itself tells of its speed. */
export function captioningShown(
  status: Pick<LibraryStatus, 'photos' | 'captioned' | 'waiting' | 'captioning'>,
  progress: readonly Progress[],
): CaptioningShown {
  const { photos, captioned, waiting } = status
  const work = progress.find(({ phase }) => phase === 'caption')
  const isAtWork = status.captioning.state === 'running' && work !== undefined && waiting > 0
  return {
    stage: stageOf(status),
    photos,
    captioned,
    share: photos === 0 ? 0 : captioned / photos,
    perSecond: isAtWork && work.perSecond > 0 ? work.perSecond : null,
    remainingMs: isAtWork ? work.remainingMs : null,
  }
}

function stageOf({
  photos,
  waiting,
  captioning,
}: Pick<LibraryStatus, 'photos' | 'waiting' | 'captioning'>): CaptioningStage {
  if (photos === 0) return 'empty'
  if (captioning.state === 'waiting' && captioning.waitsFor) return captioning.waitsFor
  if (captioning.state === 'paused' || captioning.state === 'waiting') return captioning.state
  if (waiting === 0) return 'done'
  return captioning.state
}
