import type { Channel } from '../../contract/rpc.ts'

/** An engine in a process of its own, however the host came by it. */
export interface EngineProcess {
  /** Closes when the process ends, for whatever reason. */
  readonly channel: Channel
  /** Ends the process at once, also one that hangs. */
  kill(): void
}

/**
 * How the host of the library starts an engine process: forks it, or asks for it where another process forks all, as
 * Electron's main does.
 * @throws Error when none can be had at present; it counts like one that died
 */
export type StartEngine = () => Promise<EngineProcess>
