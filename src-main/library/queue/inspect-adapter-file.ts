import type { AdapterDescription } from '../../contract/adapters.ts'
import { withOwnEngine } from './own-engine.ts'
import type { StartEngine } from './start-engine.ts'

/**
 * Reads and checks an adapter of unknown origin in an engine that is there for that alone.
 * @throws LensloreError as the engine's `inspectAdapter`, `ENGINE_DIED`, `CANCELLED`
 */
export function inspectAdapterFile(
  startEngine: StartEngine,
  adapter: { modelDirectory: string; adapterPath: string },
  signal: AbortSignal,
): Promise<AdapterDescription> {
  return withOwnEngine({ startEngine, signal, died: 'The engine stopped over this adapter.' }, (engine) =>
    engine.inspectAdapter(adapter, { signal }),
  )
}
