import type { Command } from 'commander'
import { type EngineCalls, engineCalls } from '../../contract/engine-calls.ts'
import { type ErrorRecord, exitStatusByCode, LensloreError, toErrorRecord } from '../../contract/errors.ts'
import { isSameTrial, type ProviderTrial } from '../../contract/providers.ts'
import { connect } from '../../contract/rpc.ts'
import { defaultModelName, findModel, formDirectoryIn, tryProviders } from '../../library/library.ts'
import { defaultDataDirectory } from '../../processes/data-directory.ts'
import { forkEngine } from '../../processes/fork.ts'
import { inLibrary, libraryDirectoryOf, outputOf } from '../command-context.ts'
import { listenForInterrupt } from '../interrupt.ts'
import { trialBook } from '../open-library.ts'
import { printable } from '../output.ts'
import { formatAttempts } from '../provider-report.ts'
import { withProgress } from '../with-progress.ts'

interface Diagnosis {
  library: { directory: string; contract: string | null; problems: string[]; error: ErrorRecord | null }
  versions: Record<string, string>
  /** How the model runs here; null where it does not. */
  trial: ProviderTrial | null
  engineError: ErrorRecord | null
}

interface DoctorOptions {
  model?: string
  measure?: boolean
  rebuildSearch?: boolean
}

export function addDoctorCommand(program: Command, finish: (status: number) => void): void {
  program
    .command('doctor')
    .description('check versions, the ways to run the model, that they agree, and the database')
    .option('--model <name>', 'check with this model')
    .option('--measure', 'measure again how the model runs best here, also what was known or died before')
    .option('--rebuild-search', 'make the search index anew first')
    .action(async (options: DoctorOptions, command: Command) => {
      if (options.rebuildSearch) {
        await inLibrary(command, (library) =>
          withProgress(library, (signal) => library.rebuildSearch({}, { signal })),
        )
      }
      const diagnosis = await diagnose(options, command)
      outputOf(command).answer(diagnosis, formatDiagnosis(diagnosis))
      finish(exitStatus(diagnosis))
    })
}

async function diagnose({ model, measure }: DoctorOptions, command: Command): Promise<Diagnosis> {
  const library: Diagnosis['library'] = {
    directory: libraryDirectoryOf(command),
    contract: null,
    problems: [],
    error: null,
  }
  try {
    await inLibrary(command, async (client) => {
      library.contract = (await client.contract({})).hash
      library.problems = await withProgress(client, (signal) => client.checkDatabase({}, { signal }))
    })
  } catch (thrown) {
    library.error = toErrorRecord(thrown)
    if (library.error.code === 'CANCELLED') throw thrown
  }
  try {
    const modelDirectory = await findModel(model ?? defaultModelName, defaultDataDirectory())
    const { versions, known } = await askEngine(modelDirectory)
    const trial = measure || !known ? await measureHere(modelDirectory, Boolean(measure)) : known
    return { library, versions, trial, engineError: null }
  } catch (thrown) {
    return { library, versions: {}, trial: null, engineError: toErrorRecord(thrown) }
  }
}

/** The engine is asked in a process of its own: a driver that crashes it is a finding, not the end. */
async function askEngine(modelDirectory: string) {
  const { channel, kill } = await forkEngine()
  const died = () => new LensloreError('ENGINE_DIED', 'The engine died while it was being checked.')
  try {
    const engine = connect<EngineCalls>(channel, engineCalls, died)
    const plan = await engine.planTrial({ modelDirectory })
    const known = trialBook()
      .read()
      .find((trial) => isSameTrial(trial, plan) && trial.finishedMs !== null)
    return { versions: await engine.versions({}), known }
  } finally {
    kill()
  }
}

async function measureHere(modelDirectory: string, anew: boolean): Promise<ProviderTrial> {
  const interrupt = listenForInterrupt()
  try {
    const { signal } = interrupt
    return await tryProviders({
      startEngine: forkEngine,
      modelDirectory,
      formDirectory: formDirectoryIn(defaultDataDirectory()),
      book: trialBook(),
      anew,
      signal,
    })
  } finally {
    interrupt.stop()
  }
}

function exitStatus({ library, trial }: Diagnosis): number {
  if (library.error) return exitStatusByCode[library.error.code]
  if (library.problems.length > 0) return 6
  const disagrees = trial?.attempts.some(({ state }) => state === 'disagrees')
  return trial?.chosen && !disagrees ? 0 : 5
}

function formatDiagnosis({ library, versions, trial, engineError }: Diagnosis): string {
  const lines = [`Library    ${library.directory}`]
  if (library.error) lines.push(`Database   ${library.error.message}`)
  else if (library.problems.length > 0)
    lines.push(...library.problems.map((problem) => `Database   ${problem}`))
  else lines.push('Database   sound')
  if (library.contract) lines.push(`Contract   ${library.contract}`)
  if (engineError) lines.push(`Engine     ${engineError.message}`)
  for (const [name, version] of Object.entries(versions)) lines.push(`Version    ${name} ${version}`)
  if (trial) {
    lines.push(`Device     ${printable(trial.device)}`)
    lines.push(`Model      ${printable(trial.modelId)}`)
    lines.push(...formatAttempts(trial).map((line) => `Provider   ${printable(line)}`))
  }
  return lines.join('\n')
}
