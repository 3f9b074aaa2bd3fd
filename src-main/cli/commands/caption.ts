import { type Dirent, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { type ErrorRecord, LensloreError, toErrorRecord } from '../../contract/errors.ts'
import { asFileError } from '../../contract/file-errors.ts'
import { displayFileName, textFromFileName } from '../../contract/file-name.ts'
import { nativePath } from '../../contract/native-path.ts'
import { isPictureName } from '../../contract/picture-names.ts'
import type { CaptionDoubt } from '../../contract/records.ts'
import {
  captionFile,
  defaultModelName,
  findModel,
  formDirectoryIn,
  type SupervisedEngine,
  superviseEngine,
} from '../../library/library.ts'
import { defaultDataDirectory } from '../../processes/data-directory.ts'
import { forkEngine } from '../../processes/fork.ts'
import { formatWords } from '../caption-words.ts'
import { outputOf } from '../command-context.ts'
import { listenForInterrupt } from '../interrupt.ts'
import { trialBook } from '../open-library.ts'
import { type Output, printable, reportError } from '../output.ts'
import { isFolder, pathFrom } from '../path-argument.ts'

/** Pictures handed to the engine at once: enough to fill its batches while it decodes ahead. */
const picturesUnderWay = 64

interface Refused {
  path: string
  error: ErrorRecord
}

type Answer = ({ path: string; caption: string; score: number; isCutOff: boolean } & CaptionDoubt) | Refused

export function addCaptionCommands(program: Command, finish: (status: number) => void): void {
  program
    .command('caption <paths...>')
    .description('caption pictures, and all pictures in folders, without a library')
    .option('--model <name>', 'caption with this model')
    .action(async (paths: string[], options: { model?: string }, command: Command) => {
      const modelDirectory = await findModel(options.model ?? defaultModelName, defaultDataDirectory())
      const formDirectory = formDirectoryIn(defaultDataDirectory())
      const engine = superviseEngine(forkEngine, { modelDirectory, formDirectory }, { book: trialBook() })
      const interrupt = listenForInterrupt()
      interrupt.signal.addEventListener('abort', () => engine.close())
      try {
        await engine.info()
        const failed = await captionAll(engine, picturesAmong(paths), outputOf(command))
        if (interrupt.signal.aborted) throw new LensloreError('CANCELLED', 'Captioning was stopped.')
        finish(failed > 0 ? 1 : 0)
      } finally {
        interrupt.stop()
        engine.close()
      }
    })
}

/** Answers in the order asked for, each as soon as those before it are there. @returns how many failed. */
async function captionAll(
  engine: SupervisedEngine,
  asked: Iterable<string | Refused>,
  output: Output,
): Promise<number> {
  let failed = 0
  const answers: Promise<Answer>[] = []
  for (const each of asked) {
    answers.push(typeof each === 'string' ? captionOne(engine, each) : Promise.resolve(each))
    if (answers.length >= picturesUnderWay) failed += say(await answers.shift()!, output)
  }
  for (const answer of answers) failed += say(await answer, output)
  return failed
}

async function captionOne(engine: SupervisedEngine, path: string): Promise<Answer> {
  try {
    const { picture, result } = await captionFile(engine, engine, pathFrom(path))
    const { caption, score, confidence, isUnsure, doubtfulWords } = result
    return { path, caption, score, isCutOff: picture.isCutOff, confidence, isUnsure, doubtfulWords }
  } catch (thrown) {
    return { path, error: toErrorRecord(thrown) }
  }
}

function say(answer: Answer, output: Output): number {
  if ('caption' in answer) {
    const cutOff = answer.isCutOff ? ' (of a file that is cut off)' : ''
    const words = formatWords(answer.caption, answer) + cutOff
    output.answer(answer, `${printable(displayFileName(answer.path))}\t${words}`)
    return 0
  }
  if (answer.error.code === 'CANCELLED') return 0
  if (output.json) output.answer(answer, '')
  else reportError(new LensloreError(answer.error.code, answer.error.message))
  return 1
}

/** Files themselves, whatever their names; of a folder, the pictures in it and below. Links in folders are not followed. */
function* picturesAmong(paths: readonly string[]): Generator<string | Refused> {
  for (const path of paths) {
    if (isFolder(path)) yield* picturesIn(path)
    else yield path
  }
}

function* picturesIn(folder: string): Generator<string | Refused> {
  let entries: Dirent<Buffer>[]
  try {
    entries = readdirSync(nativePath(folder), { withFileTypes: true, encoding: 'buffer' })
  } catch (thrown) {
    yield { path: folder, error: toErrorRecord(asFileError(thrown, `The folder ${displayFileName(folder)}`)) }
    return
  }
  const named = entries
    .map((entry) => ({ entry, name: textFromFileName(entry.name) }))
    .filter(({ name }) => !name.startsWith('.'))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const { entry, name } of named) {
    if (entry.isDirectory()) yield* picturesIn(join(folder, name))
    else if (entry.isFile() && isPictureName(name)) yield join(folder, name)
  }
}
