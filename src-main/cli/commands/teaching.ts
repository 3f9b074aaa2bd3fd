import { type Command, Option } from 'commander'
import { fromErrorRecord, LensloreError } from '../../contract/errors.ts'
import { type LabelKind, labelKinds } from '../../contract/label-kinds.ts'
import type { LibraryCalls } from '../../contract/library-calls.ts'
import type { HeldOut, NameInLabels, Teaching, Training } from '../../contract/rooms/teaching.ts'
import type { ParamsOf } from '../../contract/rpc.ts'
import { inLibrary, outputOf } from '../command-context.ts'
import { counted } from '../counted.ts'
import { toCount, toNumber, wholeNumber } from '../number-options.ts'
import type { LibraryClient } from '../open-library.ts'
import { printable } from '../output.ts'
import { knownPhotos } from '../photo-reference.ts'
import { verdictSentences, verdictTable } from '../verdict-words.ts'
import { withProgress } from '../with-progress.ts'
import { addSetOptions, isOfSet, type SetOptions, trainOnSet } from './train-on-set.ts'

interface TrainOptions {
  also?: Exclude<LabelKind, 'own'>[]
  passes?: number
  rate?: number
  seed?: number
  learnName?: string[]
  learnPerson?: string[]
  accept?: boolean
  anyway?: boolean
  name?: string
}

/** What a person teaches, and what came of it. */
export function addTeachingCommands(program: Command): void {
  program
    .command('confirm <photos...>')
    .description('these captions are right: they are yours from now on, and the model learns from them')
    .action(async (photos: string[], _options, command: Command) => {
      const captions = await inLibrary(command, async (library) => {
        const confirmed = []
        for (const photo of await knownPhotos(library, photos)) {
          confirmed.push(await library.confirmCaption({ photo }))
        }
        return confirmed
      })
      const lines = captions.map(({ photoId, text }) => `Photo ${photoId}: ${printable(text)}`)
      outputOf(command).answer(captions, lines.join('\n'))
    })

  program
    .command('labels')
    .description('what there is to learn from: captions that you wrote, chose or confirmed for one photo')
    .option('--next <count>', 'photos that are most worth a caption of yours instead', wholeNumber(1, 200))
    .action(async ({ next }: { next?: number }, command: Command) => {
      if (next !== undefined) {
        const worth = await inLibrary(command, async (library) => {
          const { photos } = await library.worthLabelling({ limit: next })
          const tiles = await library.tiles({ photos })
          return tiles.map(({ id, name, caption }) => ({ id, name, caption }))
        })
        const lines = worth.map(
          ({ id, name, caption }) => `${id}\t${printable(name)}\t${printable(caption ?? '')}`,
        )
        outputOf(command).answer(worth, lines.join('\n') || 'There is no caption of the model to look at.')
        return
      }
      const [teaching, { labels }, { names }] = await inLibrary(command, (library) =>
        Promise.all([library.teaching({}), library.labels({ limit: 1000 }), library.foundNames({})]),
      )
      const lines = labels.map(({ photo, text }) => `${photo}\t${printable(text)}`)
      outputOf(command).answer(
        { counts: teaching.labels, labels, names },
        [...lines, formatCounts(teaching), ...names.map(formatName)].join('\n'),
      )
    })

  const train = program
    .command('train')
    .description('learn from your own captions, and show whether that made it better')
    .addOption(
      new Option('--also <kinds...>', 'captions that were not written for one photo, too').choices(
        labelKinds.filter((kind) => kind !== 'own'),
      ),
    )
    .option('--passes <count>', 'passes over the captions, at most', toCount)
    .option('--rate <rate>', 'how fast it learns', toNumber)
    .option('--seed <seed>', 'what is left to chance', toNumber)
    .option(
      '--learn-name <names...>',
      'pets, places and things that it is to recognise and call by their names',
    )
    .option('--learn-person <names...>', 'people that it is to recognise')
    .option('--accept', 'caption with it from now on, where it is not found worse')
    .option('--anyway', 'with --accept: although it is not better')
    .option('--name <name>', 'with --accept: what to call it')
    .action(async (options: TrainOptions & SetOptions, command: Command) => {
      if (isOfSet(options)) return trainOnSet(options, command)
      const { accept, anyway, name, learnName = [], learnPerson = [], ...rest } = options
      const names = [
        ...learnName.map((text) => ({ text, kind: 'other' as const })),
        ...learnPerson.map((text) => ({ text, kind: 'person' as const })),
      ]
      const wish = { ...rest, names }
      const { training, photos } = await inLibrary(command, async (library) => {
        const ended = await trainToEnd(library, wish)
        if (ended.state === 'failed') throw fromErrorRecord(ended.error!)
        const { photos } = await library.heldOut({ training: ended.id, limit: 500 })
        if (!accept || (ended.outcome?.verdict === 'not-better' && !anyway))
          return { training: ended, photos }
        const accepted = await library.acceptTraining({ training: ended.id, anyway, name })
        return { training: accepted, photos }
      })
      return outputOf(command).answer({ ...training, photos }, formatTraining(training, photos))
    })
  addSetOptions(train)

  train
    .command('accept')
    .description('caption with what was learned from now on')
    .option('--anyway', 'although it is not better')
    .option('--name <name>', 'what to call it')
    .action(async (_options, command: Command) => {
      // Its options are those of `train`, too.
      const { anyway, name } = command.optsWithGlobals<TrainOptions>()
      const training = await inLibrary(command, async (library) =>
        library.acceptTraining({ training: (await lastTraining(library)).id, anyway, name }),
      )
      outputOf(command).answer(training, formatState(training))
    })

  train
    .command('discard')
    .description('throw away what was learned; the adapter of before goes on')
    .action(async (_options, command: Command) => {
      const training = await inLibrary(command, async (library) =>
        library.discardTraining({ training: (await lastTraining(library)).id }),
      )
      outputOf(command).answer(training, formatState(training))
    })

  train
    .command('cancel')
    .description('end a training that is under way, also in another program')
    .action(async (_options, command: Command) => {
      const training = await inLibrary(command, (library) => library.cancelTraining({}))
      outputOf(command).answer(training, training ? formatState(training) : 'No training is under way.')
    })

  train
    .command('show')
    .description('the last training: how far it is, or what came of it')
    .action(async (_options, command: Command) => {
      const [training, photos] = await inLibrary(command, async (library) => {
        const last = await lastTraining(library)
        return [last, (await library.heldOut({ training: last.id, limit: 500 })).photos] as const
      })
      outputOf(command).answer({ ...training, photos }, formatTraining(training, photos))
    })
}

async function lastTraining(library: LibraryClient): Promise<Training> {
  const { training } = await library.teaching({})
  if (!training)
    throw new LensloreError(
      'INVALID_ARGUMENT',
      'Nothing was trained in this library yet; "lenslore train" does.',
    )
  return training
}

/** Ctrl-C ends the training too; a kill leaves it for the next `train`. */
async function trainToEnd(
  library: LibraryClient,
  wish: ParamsOf<LibraryCalls['startTraining']>,
): Promise<Training> {
  return withProgress(library, async (signal) => {
    let looked = Promise.withResolvers<void>()
    const look = () => looked.resolve()
    const stop = library.on('teachingChanged', look)
    const cancel = () => void library.cancelTraining({}).then(look, look)
    signal.addEventListener('abort', cancel, { once: true })
    try {
      let training = await library.startTraining(wish)
      while (training.state === 'running') {
        await looked.promise
        looked = Promise.withResolvers()
        training = await lastTraining(library)
      }
      if (training.state === 'cancelled') {
        throw new LensloreError('CANCELLED', 'The training was cancelled; nothing of it is kept.')
      }
      return training
    } finally {
      stop()
      signal.removeEventListener('abort', cancel)
    }
  })
}

function formatTraining(training: Training, photos: readonly HeldOut[]): string {
  const { outcome, labels, replayed } = training
  if (!outcome) return formatState(training)
  return [
    verdictTable(photos, outcome),
    `Learned from ${counted(labels ?? 0, 'photo')} of yours, beside ${counted(replayed ?? 0, 'other')}, in ${counted(outcome.keptSteps, 'step')}.`,
    ...outcome.names.map(
      ({ text, photos: shown, recognised }) =>
        `${printable(text)} is recognised on ${recognised} of ${counted(shown, 'photo')} of it, each by what was learned of the others.`,
    ),
    ...verdictSentences(outcome),
    formatState(training),
  ]
    .filter((line) => line !== '')
    .join('\n')
}

function formatState({ id, state, error, progress }: Training): string {
  switch (state) {
    case 'running':
      return progress
        ? `Training ${id} is under way: ${progress.done} of ${progress.total}.`
        : `Training ${id} is under way, or was cut off; "lenslore train" goes on with it.`
    case 'finished':
      return 'Take it with "lenslore train accept", or throw it away with "lenslore train discard".'
    case 'accepted':
      return 'It captions from now on; what it says differently comes with the next run. "lenslore adapters rollback" goes back.'
    case 'discarded':
      return 'It was thrown away; the adapter of before goes on.'
    case 'cancelled':
      return `Training ${id} was cancelled; nothing of it is kept.`
    case 'failed':
      return `Training ${id} failed: ${printable(error?.message ?? '')}`
  }
}

function formatName({ text, photos, isPerson, isForgotten, adapters }: NameInLabels): string {
  const said = [
    ...(isPerson ? ['a person'] : []),
    ...(isForgotten ? ['forgotten'] : []),
    ...(adapters.length > 0 ? ['learned'] : []),
  ]
  return `Name: ${printable(text)} (${[counted(photos, 'photo'), ...said].join(', ')})`
}

function formatCounts({ labels }: Teaching): string {
  const { own, batch, replaced, imported, sidecar } = labels
  const others = { batch, replaced, imported, sidecar }
  const rest = Object.entries(others)
    .filter(([, photos]) => photos > 0)
    .map(([kind, photos]) => `${photos} ${kind}`)
  return `Labels: ${own}.${rest.length > 0 ? ` Not learned from unless --also names them: ${rest.join(', ')}.` : ''}`
}
