import type { ErrorRecord } from '../../contract/errors.ts'
import type { Training } from '../../contract/rooms/teaching.ts'
import type { TrainingOutcome } from '../../contract/training.ts'
import type { Database } from './database.ts'

/** A training as it stands in the library; how far one is that is under way, its own process knows. */
export interface StoredTraining
  extends Pick<
    Training,
    'id' | 'state' | 'startedMs' | 'endedMs' | 'resumes' | 'labels' | 'replayed' | 'adapterId' | 'error'
  > {
  asked: string
  /** The adapter that it began with; null: the model's own. */
  parent: string | null
  outcome: TrainingOutcome | null
}

export interface TrainingStore {
  last(): StoredTraining | null
  byId(id: number): StoredTraining | undefined
  /** The one that is under way, or was cut off. */
  running(): StoredTraining | undefined
  /** @throws LensloreError where one is running */
  begin(asked: string, nowMs: number): StoredTraining
  setPlan(id: number, plan: Pick<StoredTraining, 'labels' | 'replayed' | 'parent'>): void
  countResume(id: number): void
  /** One that is not running any more stays as it is. @returns whether it was. */
  end(id: number, end: TrainingEnd, nowMs: number): boolean
  /** What becomes of a finished one. */
  settle(id: number, state: 'accepted' | 'discarded'): void
}

export type TrainingEnd =
  | { state: 'finished'; outcome: TrainingOutcome; adapterId: string }
  | { state: 'cancelled' }
  | { state: 'failed'; error: ErrorRecord }

interface TrainingRow {
  id: number
  state: Training['state']
  asked: string
  started_ms: number
  ended_ms: number | null
  resumes: number
  labels: number | null
  replayed: number | null
  parent: string | null
  adapter_id: string | null
  outcome: string | null
  error_code: ErrorRecord['code'] | null
  error_message: string | null
}

export function createTrainingStore({ prepare, write }: Database): TrainingStore {
  const one = (sql: string, ...values: (number | string)[]): StoredTraining | undefined => {
    const row = prepare<TrainingRow>(`SELECT * FROM trainings ${sql}`).get(...values)
    return row && toTraining(row)
  }

  return {
    last: () => one('ORDER BY id DESC LIMIT 1') ?? null,
    byId: (id) => one('WHERE id = ?', id),
    running: () => one(`WHERE state = 'running'`),

    begin: (asked, nowMs) =>
      write(() => {
        const { lastInsertRowid } = prepare(
          `INSERT INTO trainings (state, asked, started_ms) VALUES ('running', ?, ?)`,
        ).run(asked, nowMs)
        return one('WHERE id = ?', Number(lastInsertRowid))!
      }),

    setPlan: (id, { labels, replayed, parent }) =>
      void write(() =>
        prepare('UPDATE trainings SET labels = ?, replayed = ?, parent = ? WHERE id = ?').run(
          labels,
          replayed,
          parent,
          id,
        ),
      ),

    countResume: (id) =>
      void write(() => prepare('UPDATE trainings SET resumes = resumes + 1 WHERE id = ?').run(id)),

    end: (id, end, nowMs) =>
      write(() => {
        const outcome = end.state === 'finished' ? end : null
        const error = end.state === 'failed' ? end.error : null
        const { changes } = prepare(
          `UPDATE trainings SET state = ?, ended_ms = ?, outcome = ?, adapter_id = ?, error_code = ?, error_message = ?
           WHERE id = ? AND state = 'running'`,
        ).run(
          end.state,
          nowMs,
          outcome && JSON.stringify(outcome.outcome),
          outcome?.adapterId ?? null,
          error?.code ?? null,
          error?.message ?? null,
          id,
        )
        return changes > 0
      }),

    settle: (id, state) =>
      void write(() =>
        prepare(`UPDATE trainings SET state = ? WHERE id = ? AND state = 'finished'`).run(state, id),
      ),
  }
}

function toTraining(row: TrainingRow): StoredTraining {
  return {
    id: row.id,
    state: row.state,
    asked: row.asked,
    startedMs: row.started_ms,
    endedMs: row.ended_ms,
    resumes: row.resumes,
    labels: row.labels,
    replayed: row.replayed,
    parent: row.parent,
    adapterId: row.adapter_id,
    outcome: row.outcome === null ? null : JSON.parse(row.outcome),
    error: row.error_code === null ? null : { code: row.error_code, message: row.error_message ?? '' },
  }
}
