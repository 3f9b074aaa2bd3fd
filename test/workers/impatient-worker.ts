import {
  defaultModelName,
  findModel,
  inspectAdapterFile,
  superviseEngine,
} from '../../src-main/library/library.ts'
import { forkEngine } from '../../src-main/processes/fork.ts'
import type { QueueOptions } from '../../src-main/workers/queue-address.ts'
import { runWorker } from '../../src-main/workers/worker.ts'

// A worker as "lenslore worker" starts it, but one that is missed sooner. A picture whose first bytes are `deadly` ends the whole
// process, as one does that takes down a machine.

export const deadly = [1, 2, 3, 5, 8, 13]

export interface ImpatientWorker {
  queue: QueueOptions
  name: string
  dataDirectory: string
}

if (process.argv[2]) {
  const { queue, name, dataDirectory } = JSON.parse(process.argv[2]) as ImpatientWorker
  const stop = new AbortController()
  process.on('SIGTERM', () => stop.abort())
  await runWorker({
    queue,
    name,
    version: '0.0.0',
    findModel: (modelName) => findModel(modelName ?? defaultModelName, dataDirectory),
    openEngine: ({ modelDirectory, adapterPath }) => {
      const way = { provider: 'cpu', precision: 'fp32', threads: 1 } as const
      const book = { read: () => [], write() {} }
      const engine = superviseEngine(forkEngine, { modelDirectory, adapterPath, ...way }, { book })
      return Object.assign(Object.create(engine), {
        caption(pixels: Uint8Array<ArrayBuffer>) {
          if (deadly.every((byte, at) => pixels[at] === byte)) process.kill(process.pid, 'SIGKILL')
          return engine.caption(pixels)
        },
      })
    },
    inspectAdapter: (modelDirectory, adapterPath) =>
      inspectAdapterFile(forkEngine, { modelDirectory, adapterPath }, stop.signal),
    adapterDirectory: `${dataDirectory}/adapters`,
    signal: stop.signal,
    onState() {},
    onProblem: ({ message }) => process.stderr.write(`${name}: ${message}\n`),
    lookEveryMs: 200,
    lockMs: 1500,
  })
}
