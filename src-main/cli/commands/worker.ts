import { hostname } from 'node:os'
import { join } from 'node:path'
import { type Command, Option } from 'commander'
import { LensloreError } from '../../contract/errors.ts'
import {
  type Precision,
  type ProviderName,
  precisions,
  providerNames,
} from '../../contract/provider-names.ts'
import type { WorkerRecord } from '../../contract/worker-messages.ts'
import { findModel, formDirectoryIn, inspectAdapterFile, superviseEngine } from '../../library/library.ts'
import { defaultDataDirectory } from '../../processes/data-directory.ts'
import { forkEngine } from '../../processes/fork.ts'
import { formatDuration } from '../duration.ts'
import { listenForInterrupt } from '../interrupt.ts'
import { wholeNumber } from '../number-options.ts'
import { trialBook } from '../open-library.ts'
import { noteProblem, printable } from '../output.ts'
import { packageVersion } from '../package-version.ts'
import { createStatusLine } from '../progress-line.ts'
import { addQueueOptions, type QueueArguments, queueOf } from '../queue-options.ts'

interface WorkerArguments extends QueueArguments {
  model?: string
  provider: 'auto' | ProviderName
  precision: 'auto' | Precision
  threads?: number
  name: string
}

export function addWorkerCommand(program: Command): void {
  addQueueOptions(
    program.command('worker'),
    '--queue <url>',
    'the queue that libraries use, too: rediss://host:port[/database]',
  )
    .description('caption for libraries on other machines, until Ctrl-C; it sees pictures alone, never files')
    .option('--model <name>', 'for libraries whose model is in no catalogue: the same one here')
    .addOption(
      new Option('--provider <name>', 'run the model by it')
        .choices(['auto', ...providerNames])
        .default('auto'),
    )
    .addOption(
      new Option('--precision <name>', 'run it at this').choices(['auto', ...precisions]).default('auto'),
    )
    .option('--threads <n>', 'processor threads', wholeNumber(1, 256))
    .option('--name <name>', 'what libraries call it', hostname())
    .action(runHere)
}

async function runHere(options: WorkerArguments): Promise<void> {
  const queue = queueOf(options)
  if (!queue)
    throw new LensloreError('INVALID_ARGUMENT', 'A worker needs a queue: say --queue rediss://host:port.')
  const { provider, precision, threads, name } = options
  const dataDirectory = defaultDataDirectory()
  const { runWorker } = await import('../../workers/worker.ts')
  const interrupt = listenForInterrupt()
  const line = createStatusLine()
  try {
    await runWorker({
      queue,
      name,
      version: packageVersion(),
      findModel: (modelName) => modelFor(options.model ?? modelName, dataDirectory),
      openEngine: ({ modelDirectory, adapterPath }) =>
        superviseEngine(
          forkEngine,
          {
            modelDirectory,
            adapterPath,
            provider,
            precision,
            threads,
            formDirectory: formDirectoryIn(dataDirectory),
          },
          { book: trialBook(), onProblem: ({ message }) => noteProblem(message) },
        ),
      inspectAdapter: (modelDirectory, adapterPath) =>
        inspectAdapterFile(forkEngine, { modelDirectory, adapterPath }, interrupt.signal),
      adapterDirectory: join(dataDirectory, 'worker-adapters'),
      signal: interrupt.signal,
      onState: (record) =>
        line.show(`${record.state} ${record.modelId}`, (columns) => formatState(record, columns)),
      onProblem: ({ message }) => noteProblem(message),
    })
  } finally {
    line.clear()
    interrupt.stop()
  }
}

function modelFor(name: string | null, dataDirectory: string): Promise<string> {
  if (name !== null) return findModel(name, dataDirectory)
  throw new LensloreError(
    'MODEL_NOT_FOUND',
    'The library captions with a model that is in no catalogue: give the same one here by --model.',
  )
}

/** One line, for a terminal so many columns wide. */
function formatState(record: WorkerRecord, columns: number): string {
  const { state, forMs, modelId, provider, precision, device, photosPerSecond, captioned, problem } = record
  const parts = [
    state === 'working'
      ? 'Captioning'
      : `${state === 'refused' ? 'Refused' : 'Waiting for pictures'} for ${formatDuration(forMs)}`,
    modelId ?? 'no model open',
    ...(provider ? [`${provider} ${precision}`] : []),
    ...(captioned > 0 ? [`${captioned.toLocaleString('en')} photos, ${photosPerSecond}/s`] : []),
    ...(problem === null ? [] : [problem]),
    ...(device === null ? [] : [device]),
  ]
  return printable(parts.join(' · ')).slice(0, Math.max(20, columns - 1))
}
