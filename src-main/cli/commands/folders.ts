import type { Command } from 'commander'
import { LensloreError } from '../../contract/errors.ts'
import { displayFileName } from '../../contract/file-name.ts'
import type {
  AddedFolder,
  Folder,
  LibraryStatus,
  UnreadableDirectory,
  WorkerState,
  WorkersStatus,
} from '../../contract/records.ts'
import type { ScanSummary } from '../../contract/rooms/folders.ts'
import type { CaptionSummary } from '../../contract/rooms/work.ts'
import { type SkippedFiles, type SkippedKind, skippedKinds } from '../../contract/skipped-files.ts'
import { inLibrary, outputOf } from '../command-context.ts'
import { counted } from '../counted.ts'
import { formatDuration } from '../duration.ts'
import { folderIdsOf } from '../folder-reference.ts'
import { newLibraryOption } from '../library-place.ts'
import type { LibraryClient } from '../open-library.ts'
import { printable } from '../output.ts'
import { pathFrom } from '../path-argument.ts'
import { formatChoice } from '../provider-report.ts'
import { addLibraryQueueOptions, addQueueOptions } from '../queue-options.ts'
import { withProgress } from '../with-progress.ts'

export function addFolderCommands(program: Command, finish: (status: number) => void): void {
  program
    .command('add <folder>')
    .description('add a folder of photos to the library')
    .option(...newLibraryOption)
    .action(async (path: string, { newLibrary }: AddOptions, command: Command) => {
      const folder = await inLibrary(
        command,
        (library) =>
          withProgress(library, (signal) => library.addFolder({ path: pathFrom(path) }, { signal })),
        { mayMake: true, isAsked: newLibrary, folders: [path] },
      )
      outputOf(command).answer(
        folder,
        `Added ${shown(folder.path)}. Its photos are taken in by "lenslore run".${formatJoined(folder)}`,
      )
    })

  addLibraryQueueOptions(program.command('run [folders...]'))
    .description('take in what is new in the folders (adding those named here), and caption it')
    .option('--model <name>', 'caption with this model')
    .option('--watch', 'stay and go on with whatever changes in the folders, until Ctrl-C')
    .option(...newLibraryOption)
    .action((paths: string[], { watch, newLibrary }: AddOptions & { watch?: boolean }, command: Command) =>
      inLibrary(
        command,
        async (library) => {
          let problems = 0
          library.on('problem', () => {
            problems++
          })
          await withProgress(library, async (signal) => {
            for (const path of paths) await library.addFolder({ path: pathFrom(path) }, { signal })
          })
          if (watch) await watchLibrary(library)
          else {
            const summary = await runLibrary(library)
            outputOf(command).answer(summary, formatSummary(summary))
            if (problems > 0 || isPartial(summary)) finish(1)
          }
        },
        { mayMake: paths.length > 0, isAsked: newLibrary, folders: paths },
      ),
    )

  program
    .command('exclude <folder> [globs...]')
    .description(
      'leave parts of a folder alone, such as screenshots/ or *.gif; no globs: leave nothing alone',
    )
    .action(async (path: string, globs: string[], _options, command: Command) => {
      const folder = await inLibrary(command, async (library) => {
        const [folderId] = await folderIdsOf(library, [path])
        return library.setExcludes({ folderId: folderId!, globs })
      })
      const what = folder.excludes.length > 0 ? folder.excludes.join(', ') : 'nothing'
      outputOf(command).answer(folder, `Leaving alone in ${shown(folder.path)}: ${printable(what)}.`)
    })

  program
    .command('relocate <folder> <path>')
    .description(
      'say where a folder of the library is now, on this machine or another; its photos keep all they have',
    )
    .action(async (path: string, newPath: string, _options, command: Command) => {
      const folder = await inLibrary(command, async (library) => {
        const [folderId] = await folderIdsOf(library, [path])
        return withProgress(library, (signal) =>
          library.relocateFolder({ folderId: folderId!, path: pathFrom(newPath) }, { signal }),
        )
      })
      outputOf(command).answer(folder, `${shown(pathFrom(path))} is now ${shown(folder.path)}.`)
    })

  program
    .command('remove <folder>')
    .description(
      'forget a folder with all its photos, your captions of them and their history; the files stay',
    )
    .option('--yes', 'really')
    .action(async (path: string, { yes }: { yes?: boolean }, command: Command) => {
      if (!yes) {
        throw new LensloreError(
          'INVALID_ARGUMENT',
          'This forgets your captions of that folder too; say --yes to do it.',
        )
      }
      await inLibrary(command, async (library) => {
        const [folderId] = await folderIdsOf(library, [path])
        await withProgress(library, (signal) => library.removeFolder({ folderId: folderId! }, { signal }))
      })
      outputOf(command).answer({ path: pathFrom(path) }, `Forgot ${shown(pathFrom(path))}.`)
    })

  program
    .command('pause')
    .description('stop captioning until "resume", also in a program that is at it; all else goes on')
    .action(async (_options, command: Command) => {
      await inLibrary(command, (library) => library.pauseCaptioning({}))
      outputOf(command).answer({ isPaused: true }, 'Captioning is paused.')
    })

  program
    .command('resume')
    .description('go on with captioning, and try a model again that could not be run')
    .action(async (_options, command: Command) => {
      await inLibrary(command, (library) => library.resumeCaptioning({}))
      outputOf(command).answer({ isPaused: false }, 'Captioning goes on where a program is at it.')
    })

  addQueueOptions(program.command('status'), '--queue <url>', 'tell also of the workers at this queue')
    .description('what the library holds and what is left to do')
    .action(async (_options, command: Command) => {
      const { status, workers } = await inLibrary(command, async (library) => ({
        status: await library.status({}),
        workers: await library.workers({}),
      }))
      outputOf(command).answer(
        { ...status, ...(workers && { workers }) },
        [formatStatus(status), ...(workers ? formatWorkers(workers) : [])].join('\n'),
      )
    })
}

interface RunSummary {
  scan: ScanSummary
  captions: CaptionSummary
}

interface AddOptions {
  newLibrary?: boolean
}

/** Something of what was to be taken in and captioned was not. */
function isPartial({ scan, captions }: RunSummary): boolean {
  const refused = captions.failed + captions.unavailable
  return refused > 0 || scan.unreadable.length > 0 || scan.offlineFolders.length > 0
}

function runLibrary(library: LibraryClient): Promise<RunSummary> {
  return withProgress(library, async (signal) => ({
    scan: await library.scan({}, { signal }),
    captions: await library.captionAll({}, { signal }),
  }))
}

/** Ctrl-C is how it ends, so that is no error. */
async function watchLibrary(library: LibraryClient): Promise<void> {
  await withProgress(library, async (signal) => {
    try {
      await library.watch({}, { signal })
    } catch (thrown) {
      if (!signal.aborted) throw thrown
    }
  })
}

function formatSummary({ scan, captions }: RunSummary): string {
  const changes = [
    `${counted(scan.added, 'new photo')}`,
    scan.changed > 0 ? `${scan.changed} changed` : '',
    scan.moved > 0 ? `${scan.moved} moved` : '',
    scan.joined > 0 ? `${scan.joined} joined with the file beside` : '',
    scan.separated > 0 ? `${scan.separated} separated from the file that was beside` : '',
    scan.missing > 0 ? `${scan.missing} missing` : '',
    scan.excluded > 0 ? `${scan.excluded} excluded` : '',
    scan.restored > 0 ? `${scan.restored} back` : '',
    `${scan.unchanged} unchanged`,
  ].filter(Boolean)
  const lines = [
    `${changes.join(', ')}.`,
    `${counted(captions.captioned, 'caption')} written in ${formatDuration(captions.elapsedMs)}.`,
  ]
  if (captions.failed > 0) {
    lines.push(
      `${counted(captions.failed, 'picture')} could not be captioned; see them with: lenslore search is:failed`,
    )
  }
  if (captions.unavailable > 0) {
    lines.push(`${counted(captions.unavailable, 'photo')} could not be reached; the next run tries again.`)
  }
  if (scan.companions > 0) {
    lines.push(
      `${counted(scan.companions, 'file')} beside photos ${scan.companions === 1 ? 'is' : 'are'} a part of them.`,
    )
  }
  if (scan.skipped.length > 0) lines.push(`Passed over: ${formatSkipped(scan.skipped)}.`)
  if (scan.straySidecars > 0) {
    lines.push(
      `${counted(scan.straySidecars, 'file')} beside photos that look like theirs belong to none; lenslore status names some.`,
    )
  }
  lines.push(...scan.unreadable.map(formatUnreadable))
  for (const folder of scan.offlineFolders) lines.push(`Offline, left as it is: ${shown(folder)}`)
  return lines.join('\n')
}

const skippedNames: Record<SkippedKind, [one: string, more: string]> = {
  video: ['video', 'videos'],
  picture: ['picture of another kind', 'pictures of other kinds'],
  audio: ['recording', 'recordings'],
  document: ['document', 'documents'],
  other: ['other file', 'other files'],
}
/** Of each kind the most frequent extensions are named. */
const extensionsNamed = 4

function formatSkipped(skipped: readonly SkippedFiles[]): string {
  return skippedKinds
    .flatMap((kind) => {
      const ofKind = skipped.filter((each) => each.kind === kind).sort((a, b) => b.files - a.files)
      if (ofKind.length === 0) return []
      const files = ofKind.reduce((sum, each) => sum + each.files, 0)
      const named = ofKind
        .slice(0, extensionsNamed)
        .filter(({ extension }) => extension !== '')
        .map(({ extension, files }) => `${files.toLocaleString('en')} ${printable(extension)}`)
      const things = skippedNames[kind][files === 1 ? 0 : 1]
      return [`${files.toLocaleString('en')} ${things}${named.length > 0 ? ` (${named.join(', ')})` : ''}`]
    })
    .join(', ')
}

const waiting = {
  idle: 'Captioning waits until nobody uses the machine',
  mains: 'Captioning waits until the machine is on mains',
}

function formatStatus(status: LibraryStatus): string {
  return [
    `Library    ${status.directory}`,
    `Photos     ${status.photos} (${status.captioned} captioned, ${status.waiting} waiting, ${status.failed} failed, ${status.missing} missing${status.excluded > 0 ? `, ${status.excluded} excluded` : ''})`,
    ...formatCompanions(status.companions),
    `Model      ${status.modelId ?? 'none has captioned here yet'}`,
    ...(status.captioning.state === 'paused' ? ['Captioning paused; go on with: lenslore resume'] : []),
    ...(status.captioning.waitsFor ? [waiting[status.captioning.waitsFor]] : []),
    `Runs on    ${printable(formatChoice(status.providerTrial))}`,
    ...status.folders.map(formatFolder),
    ...status.unreadable.map(formatUnreadable),
    ...(status.waitingExports > 0
      ? [
          `Exports    ${counted(status.waitingExports, 'caption')}${status.waitingExports < 10_000 ? '' : ' or more'} to be written out`,
        ]
      : []),
    ...formatSidecarProblems(status.sidecarProblems),
    ...(status.straySidecars.files > 0
      ? [
          `Strays     ${counted(status.straySidecars.files, 'file')} beside photos that look like theirs belong to none`,
          ...status.straySidecars.first.map((name) => `           ${printable(displayFileName(name))}`),
        ]
      : []),
    ...formatCutWords(status.cutWords),
  ].join('\n')
}

const workerStates: Record<WorkerState['state'], string> = {
  waiting: 'waiting',
  working: 'captioning',
  refused: 'refused',
  silent: 'silent',
}

function formatWorkers({ workers, libraries, waitingJobs, activeJobs }: WorkersStatus): string[] {
  const jobs = `${counted(waitingJobs, 'batch', 'batches')} waiting, ${activeJobs} under way`
  return [
    `Queue      ${jobs}, of ${counted(libraries, 'library', 'libraries')}`,
    ...(workers.length === 0 ? ['Workers    none; start one with: lenslore worker --queue'] : []),
    ...workers.map((worker) => {
      const forMs = worker.state === 'silent' ? worker.heardOfMs : worker.forMs
      const facts = [
        `${workerStates[worker.state]} for ${formatDuration(forMs)}`,
        ...(worker.photosPerSecond > 0 ? [`${worker.photosPerSecond} photos/s`] : []),
        ...(worker.provider ? [`${worker.modelId} on ${worker.provider} in ${worker.precision}`] : []),
        ...(worker.device === null ? [] : [worker.device]),
        `version ${worker.version}`,
      ]
      const problem = worker.problem === null ? '' : `\n           ${printable(worker.problem)}`
      return `Worker     ${printable(`${worker.name} (${facts.join(', ')})`)}${problem}`
    }),
  ]
}

function formatCompanions({ raw, video }: LibraryStatus['companions']): string[] {
  const parts = [
    raw > 0 ? counted(raw, 'raw file') : '',
    video > 0 ? `${counted(video, 'video')} of Live Photos` : '',
  ].filter(Boolean)
  return parts.length > 0 ? [`Pairs      ${parts.join(' and ')} beside photos are a part of them`] : []
}

function formatSidecarProblems({ count, first }: LibraryStatus['sidecarProblems']): string[] {
  if (count === 0) return []
  const more = count > first.length ? [`           … and ${count - first.length} more`] : []
  return [
    `Sidecars   ${count.toLocaleString('en')} cannot be read; what they said before is kept`,
    ...first.map(({ message }) => `           ${printable(message)}`),
    ...more,
  ]
}

function formatUnreadable({ path, code }: UnreadableDirectory): string {
  return `Unreadable ${shown(path)} (${code}); what is known of its photos stays.`
}

function formatCutWords({ count, first }: LibraryStatus['cutWords']): string[] {
  if (count === 0) return []
  const more = count > first.length ? [`           … and ${count - first.length} more`] : []
  return [
    `Cut        ${counted(count, 'file says', 'files say')} more about the photo than is kept, and than is ever written back`,
    ...first.map(
      ({ photoId, name, fields }) =>
        `           photo ${photoId}${name && `, ${printable(displayFileName(name))}`}: ${fields.join(', ')}`,
    ),
    ...more,
  ]
}

const offlineReasons: Record<NonNullable<Folder['offlineReason']>, string> = {
  gone: 'It is not there; its photos are kept until it is back.',
  emptied: 'It is empty although it held photos; they are kept until they are back.',
  unreadable: 'It cannot be read; its photos are kept until it can.',
  'other-volume': 'Another drive is mounted there; the photos of the one before are kept.',
}

function formatJoined({ joined }: AddedFolder): string {
  if (joined.length === 0) return ''
  const folders =
    joined.length === 1 ? 'This folder is a part of it now' : 'These folders are parts of it now'
  return [`\n${folders}, with all that is known of their photos:`, ...joined.map(shown)].join('\n  ')
}

function formatFolder(folder: Folder): string {
  const facts = [counted(folder.photos, 'photo'), folder.state, folder.watchMode].filter(Boolean)
  const reasons = [folder.offlineReason && offlineReasons[folder.offlineReason], folder.watchReason]
  const lines = reasons
    .filter((reason) => reason !== null)
    .map((reason) => `\n           ${printable(reason)}`)
  return `Folder     ${shown(folder.path)} (${facts.join(', ')})${lines.join('')}`
}

function shown(path: string): string {
  return printable(displayFileName(path))
}
