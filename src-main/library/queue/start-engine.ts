import type { Channel } from '../../contract/rpc.ts'

/** How the host of the library starts an engine process: a child process, or Electron's utility process. */
export type StartEngine = () => Channel
