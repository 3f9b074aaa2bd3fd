import { isAbsolute, sep } from 'node:path'
import type { Command } from 'commander'
import { downloadModel } from '../../library/library.ts'
import { defaultDataDirectory } from '../../processes/data-directory.ts'
import { inLibrary, outputOf } from '../command-context.ts'
import { listenForInterrupt } from '../interrupt.ts'
import { pathFrom } from '../path-argument.ts'

export function addModelCommands(program: Command): void {
  const models = program
    .command('models')
    .description('the models that can caption, and which of them are here')
    .action(async (_options, command: Command) => {
      const { models, chosen } = await inLibrary(command, (library) => library.models({}))
      const text = models.map((model) => {
        const title = model.name === chosen.model ? `${model.title} (captions this library)` : model.title
        return `${model.state.padEnd(12)}${model.name.padEnd(40)}${title}`
      })
      outputOf(command).answer(models, text.join('\n'))
    })

  models
    .command('use <model>')
    .description(
      'caption this library with another model from now on, by its name or folder; a program that is at it goes on with that one',
    )
    .option('--adapter <file>', 'an adapter of your own, in place of the one that belongs to the model')
    .action(async (model: string, { adapter }: { adapter?: string }, command: Command) => {
      const isPath = isAbsolute(model) || model.includes('/') || model.includes(sep)
      const choice = await inLibrary(command, (library) =>
        isPath || adapter
          ? library.useModelFiles({
              model: isPath ? pathFrom(model) : model,
              adapterPath: adapter ? pathFrom(adapter) : null,
            })
          : library.useModel({ name: model }),
      )
      outputOf(command).answer(choice, `This library is captioned with ${choice.model} from now on.`)
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
