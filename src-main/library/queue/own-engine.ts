import { type EngineCalls, type EngineEvents, engineCalls } from '../../contract/engine-calls.ts'
import { LensloreError } from '../../contract/errors.ts'
import { type Client, connect } from '../../contract/rpc.ts'
import type { StartEngine } from './start-engine.ts'

export type OwnEngine = Client<EngineCalls, EngineEvents>

/**
 * An engine process that is there for one piece of work alone, and ends with it, or by the signal.
 * @param work gets the engine, and what ends it at once for a reason.
 * @throws LensloreError `ENGINE_DIED` with `died` or that reason, `CANCELLED` where the signal came before
 */
export async function withOwnEngine<T>(
  { startEngine, signal, died }: { startEngine: StartEngine; signal: AbortSignal; died: string },
  work: (engine: OwnEngine, end: (reason: string) => void) => Promise<T>,
): Promise<T> {
  const { channel, kill } = await startEngine()
  let why = died
  signal.addEventListener('abort', kill)
  const engine = connect<EngineCalls, EngineEvents>(
    channel,
    engineCalls,
    () => new LensloreError('ENGINE_DIED', why),
  )
  try {
    if (signal.aborted) throw new LensloreError('CANCELLED', 'The work was cancelled.')
    return await work(engine, (reason) => {
      why = reason
      kill()
    })
  } finally {
    signal.removeEventListener('abort', kill)
    kill()
  }
}
