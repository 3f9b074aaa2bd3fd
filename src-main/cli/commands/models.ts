import type { Command } from 'commander'
import { downloadModel, listModels } from '../../library/library.ts'
import { outputOf } from '../command-context.ts'
import { listenForInterrupt } from '../interrupt.ts'
import { defaultDataDirectory } from '../open-library.ts'

export function addModelCommands(program: Command): void {
  const models = program
    .command('models')
    .description('the models that can caption, and which of them are here')
    .action(async (_options, command: Command) => {
      const list = await listModels(defaultDataDirectory())
      const text = list.map((model) => `${model.state.padEnd(12)}${model.name.padEnd(40)}${model.title}`)
      outputOf(command).answer(list, text.join('\n'))
    })

  models
    .command('download <name>')
    .description('fetch a public model; a download that was cut off goes on where it stopped')
    .option('--revision <revision>', 'another revision than the catalogue names')
    .action(async (name: string, { revision }: { revision?: string }, command: Command) => {
      const interrupt = listenForInterrupt()
      const showProgress = process.stderr.isTTY
      try {
        const directory = await downloadModel(name, {
          dataDirectory: defaultDataDirectory(),
          revision,
          signal: interrupt.signal,
          onProgress({ path, doneBytes, totalBytes, bytesPerSecond }) {
            if (showProgress)
              process.stderr.write(
                `\r\x1b[2K${name} ${path}: ${megabytes(doneBytes)} of ${megabytes(totalBytes)}, ${megabytes(bytesPerSecond)}/s`,
              )
          },
        })
        outputOf(command).answer({ name, directory }, `${name} is in ${directory}.`)
      } finally {
        if (showProgress) process.stderr.write('\r\x1b[2K')
        interrupt.stop()
      }
    })
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
