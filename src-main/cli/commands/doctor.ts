import type { Command } from 'commander'
import { type EngineCalls, type EngineDiagnosis, engineCalls } from '../../contract/engine-calls.ts'
import { type ErrorRecord, LensloreError, toErrorRecord } from '../../contract/errors.ts'
import { connect } from '../../contract/rpc.ts'
import { defaultModelName, findModel } from '../../library/library.ts'
import { inLibrary, libraryDirectoryOf, outputOf } from '../command-context.ts'
import { defaultDataDirectory, startEngineProcess } from '../open-library.ts'
import { withProgress } from '../with-progress.ts'

interface Diagnosis {
  library: { directory: string; problems: string[]; error: ErrorRecord | null }
  engine: EngineDiagnosis | null
  engineError: ErrorRecord | null
}

export function addDoctorCommand(program: Command, finish: (status: number) => void): void {
  program
    .command('doctor')
    .description('check versions, the ways to run the model, that they agree, and the database')
    .option('--model <name>', 'check with this model')
    .option('--rebuild-search', 'make the search index anew first')
    .action(async (options: { model?: string; rebuildSearch?: boolean }, command: Command) => {
      if (options.rebuildSearch) {
        await inLibrary(command, (library) =>
          withProgress(library, (signal) => library.rebuildSearch({}, { signal })),
        )
      }
      const diagnosis = await diagnose(options.model ?? null, command)
      outputOf(command).answer(diagnosis, formatDiagnosis(diagnosis))
      finish(exitStatus(diagnosis))
    })
}

async function diagnose(model: string | null, command: Command): Promise<Diagnosis> {
  const library: Diagnosis['library'] = { directory: libraryDirectoryOf(command), problems: [], error: null }
  try {
    library.problems = await inLibrary(command, (client) => client.checkDatabase({}))
  } catch (thrown) {
    library.error = toErrorRecord(thrown)
  }
  try {
    return { library, engine: await diagnoseEngine(model), engineError: null }
  } catch (thrown) {
    return { library, engine: null, engineError: toErrorRecord(thrown) }
  }
}

/** The engine is asked in a process of its own: a driver that crashes it is a finding, not the end. */
async function diagnoseEngine(model: string | null): Promise<EngineDiagnosis> {
  const modelDirectory = await findModel(model ?? defaultModelName, defaultDataDirectory())
  const channel = startEngineProcess()
  const died = () => new LensloreError('ENGINE_DIED', 'The engine died while it was being checked.')
  try {
    return await connect<EngineCalls>(channel, engineCalls, died).diagnose({ modelDirectory })
  } finally {
    channel.close()
  }
}

function exitStatus({ library, engine }: Diagnosis): number {
  if (library.error || library.problems.length > 0) return 6
  const cpu = engine?.providers.find((report) => report.provider === 'cpu')
  const disagrees = engine?.providers.some((report) => report.agrees === false)
  return cpu?.opens && !disagrees ? 0 : 5
}

function formatDiagnosis({ library, engine, engineError }: Diagnosis): string {
  const lines = [`Library    ${library.directory}`]
  if (library.error) lines.push(`Database   ${library.error.message}`)
  else if (library.problems.length > 0)
    lines.push(...library.problems.map((problem) => `Database   ${problem}`))
  else lines.push('Database   sound')
  if (engineError) lines.push(`Engine     ${engineError.message}`)
  for (const [name, version] of Object.entries(engine?.versions ?? {})) {
    lines.push(`Version    ${name} ${version}`)
  }
  for (const { provider, opens, agrees, error } of engine?.providers ?? []) {
    const verdict = opens
      ? agrees
        ? 'opens, captions agree'
        : 'opens, but its captions DIFFER'
      : 'does not open'
    lines.push(`Provider   ${provider}: ${verdict}${error ? ` (${error.message})` : ''}`)
  }
  return lines.join('\n')
}
