import { basename } from 'node:path'
import { MessageChannelMain, type MessagePortMain, type UtilityProcess, utilityProcess } from 'electron'
import type { ForkedProcess, ForkOptions } from '../channels/child-process.ts'
import { type PortLike, portChannel } from '../channels/message-port.ts'
import { fromUtility, type ToUtility } from '../channels/utility-messages.ts'
import { toErrorRecord } from '../contract/errors.ts'
import { engineEnvironment, enginePath } from '../processes/fork.ts'

export interface UtilityProgram extends ForkedProcess {
  /** Hands it the line of a page. */
  introduce(page: MessagePortMain): void
}

/** @param code how it ended; 0 where it was to end */
export type TellEngineEnd = (code: number) => void

/**
 * Starts a program of ours as a utility process and speaks with it over a port. A library among them asks for its engines,
 * which are started here too.
 * @throws Error where it ends before it is there
 */
export async function startUtility(
  modulePath: string,
  { args = [], environment = process.env }: ForkOptions = {},
  onEngineEnd: TellEngineEnd = () => {},
): Promise<UtilityProgram> {
  const child = await fork(modulePath, args, environment)
  const { promise: gone, resolve: isGone } = Promise.withResolvers<string>()
  child.once('exit', (code) => isGone(`code ${code}`))
  const { port1, port2 } = new MessageChannelMain()
  say(child, { kind: 'host' }, port2)
  startEnginesFor(child, environment, onEngineEnd)
  return {
    channel: portChannel(untilExit(port1, child), () => port1.close()),
    pid: child.pid!,
    kill: () => end(child),
    gone,
    introduce: (page) => say(child, { kind: 'page' }, page),
  }
}

async function fork(
  modulePath: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<UtilityProcess> {
  const child = utilityProcess.fork(modulePath, [...args], {
    serviceName: `Lenslore ${basename(modulePath).split('-')[0]}`,
    env: environment,
    // As of a forked process.
    stdio: environment.LENSLORE_DEBUG ? 'inherit' : 'ignore',
  })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  child.once('spawn', resolve)
  child.once('exit', (code) => reject(new Error(`The program ended with ${code} before it began.`)))
  await promise
  return child
}

/** The port's messages, and its end when the process has ended: only then is all let go that it held. */
function untilExit(port: MessagePortMain, child: UtilityProcess): PortLike {
  return {
    postMessage: (message) => port.postMessage(message),
    on(event, listener) {
      if (event === 'message') port.on('message', listener)
      else if (event === 'exit') child.once('exit', listener)
    },
    start: () => port.start(),
  }
}

function startEnginesFor(
  library: UtilityProcess,
  environment: NodeJS.ProcessEnv,
  onEnd: TellEngineEnd,
): void {
  const engines = new Map<number, UtilityProcess>()

  async function startEngine(request: number): Promise<void> {
    try {
      const engine = await fork(enginePath, [], engineEnvironment(environment))
      engines.set(request, engine)
      engine.once('exit', (code) => {
        engines.delete(request)
        if (library.pid !== undefined) onEnd(code)
      })
      const { port1, port2 } = new MessageChannelMain()
      say(engine, { kind: 'host' }, port2)
      say(library, { kind: 'engine', request }, port1)
    } catch (thrown) {
      say(library, { kind: 'noEngine', request, message: toErrorRecord(thrown).message })
    }
  }

  library.on('message', (said: unknown) => {
    const { success, data } = fromUtility.safeParse(said)
    if (!success) return
    if (data.kind === 'startEngine') void startEngine(data.request)
    else if (engines.has(data.request)) end(engines.get(data.request)!)
  })
  // An engine without a library ends by itself, unless it hangs.
  library.once('exit', () => {
    for (const engine of engines.values()) end(engine)
  })
}

function say(child: UtilityProcess, message: ToUtility, port?: MessagePortMain): void {
  child.postMessage(message, port ? [port] : [])
}

/** At once, whatever it does: `kill` of a utility process asks politely. */
function end(child: UtilityProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(child.pid, 'SIGKILL')
  } catch {
    // It has ended already.
  }
}
