import type { Command } from 'commander'
import { LensloreError } from '../../contract/errors.ts'
import { displayFileName } from '../../contract/file-name.ts'
import type { Adapter, AdapterList } from '../../contract/rooms/adapters.ts'
import { inLibrary, outputOf } from '../command-context.ts'
import type { LibraryClient } from '../open-library.ts'
import { printable } from '../output.ts'
import { pathFrom } from '../path-argument.ts'
import { verdictSentences, verdictTable } from '../verdict-words.ts'
import { withProgress } from '../with-progress.ts'

/** Adapters as things; one is named by the first letters of its id, or its name. */
export function addAdapterCommands(program: Command): void {
  const adapters = program.command('adapters').description('what was learned, and what captions')

  adapters
    .command('list', { isDefault: true })
    .description('all adapters of this library, the newest first')
    .action(async (_options, command: Command) => {
      const list = await inLibrary(command, (library) => library.adapters({}))
      outputOf(command).answer(list, formatList(list))
    })

  adapters
    .command('show <adapter>')
    .description('all that is known of one')
    .action(async (adapter: string, _options, command: Command) => {
      const shown = await inLibrary(command, (library) => adapterOf(library, adapter))
      outputOf(command).answer(shown, formatAdapter(shown))
    })

  for (const [what, description] of [
    ['name', 'give it another name'],
    ['note', 'write a note to it'],
  ] as const) {
    adapters
      .command(`${what} <adapter> <text>`)
      .description(`${description}; no caption is made anew for that`)
      .action(async (adapter: string, text: string, _options, command: Command) => {
        const described = await inLibrary(command, async (library) => {
          const { id } = await adapterOf(library, adapter)
          return library.describeAdapter({ adapter: id, [what]: text })
        })
        outputOf(command).answer(described, formatAdapter(described))
      })
  }

  adapters
    .command('compare <adapters...>')
    .description('their figures side by side')
    .action(async (names: string[], _options, command: Command) => {
      const compared = await inLibrary(command, async (library) => {
        const found: Adapter[] = []
        for (const name of names) found.push(await adapterOf(library, name))
        return found
      })
      outputOf(command).answer(compared, formatSideBySide(compared))
    })

  adapters
    .command('activate <adapter>')
    .description('caption with it from now on; your own words stay')
    .option('--anyway', 'although it is not better, or could not be measured for want of labels')
    .action(async (adapter: string, { anyway }: { anyway?: boolean }, command: Command) => {
      const list = await inLibrary(command, async (library) => {
        const { id } = await adapterOf(library, adapter)
        return withProgress(library, (signal) => library.activateAdapter({ adapter: id, anyway }, { signal }))
      })
      outputOf(command).answer(list, formatList(list))
    })

  adapters
    .command('rollback')
    .description('caption again with the one before; its captions come back without being made anew')
    .action(async (_options, command: Command) => {
      const list = await inLibrary(command, (library) => library.rollBackAdapter({}))
      outputOf(command).answer(list, formatList(list))
    })

  adapters
    .command('changes')
    .description('what the active adapter says in other words than the one before')
    .action(async (_options, command: Command) => {
      const { changes } = await inLibrary(command, (library) => library.adapterChanges({ limit: 500 }))
      const lines = changes.map(
        ({ photo, before, after }) => `Photo ${photo}\n\t- ${printable(before)}\n\t+ ${printable(after)}`,
      )
      outputOf(command).answer(changes, lines.join('\n') || 'Nothing is said in other words yet.')
    })

  adapters
    .command('names')
    .description('what adapters call by its name')
    .action(async (_options, command: Command) => {
      const names = await inLibrary(command, (library) => library.learnedNames({}))
      const lines = names.map(
        ({ name, adapters: ids }) => `${printable(name)}\t${ids.map((id) => id.slice(0, 12)).join(' ')}`,
      )
      outputOf(command).answer(names, lines.join('\n') || 'No adapter has learned a name.')
    })

  adapters
    .command('forget <name>')
    .description('a name is not recognised any more; says which adapters learned it')
    .action(async (name: string, _options, command: Command) => {
      const forgotten = await inLibrary(command, (library) =>
        withProgress(library, (signal) => library.forgetName({ name }, { signal })),
      )
      const ids = forgotten.adapters.map((id) => id.slice(0, 12)).join(', ')
      outputOf(command).answer(
        forgotten,
        ids === ''
          ? `${printable(name)} is forgotten; no adapter had learned it.`
          : `${printable(name)} is forgotten. These adapters learned from captions with it, and may say it still: discard them, or train anew without it: ${ids}.`,
      )
    })

  adapters
    .command('export <adapter> <file>')
    .description('write it as one safetensors file, with its name, note and figures')
    .action(async (adapter: string, file: string, _options, command: Command) => {
      const path = pathFrom(file)
      const written = await inLibrary(command, async (library) => {
        const { id } = await adapterOf(library, adapter)
        return library.exportAdapter({ adapter: id, path })
      })
      const names = written.names.map(printable).join(', ')
      outputOf(command).answer(
        { path, ...written },
        `Wrote ${printable(displayFileName(path))}. ${names === '' ? 'There are no names in it.' : `Names in it: ${names}.`}`,
      )
    })

  adapters
    .command('import <file>')
    .description('take one in from a file, once all of it was checked')
    .action(async (file: string, _options, command: Command) => {
      const adapter = await inLibrary(command, (library) => library.importAdapter({ path: pathFrom(file) }))
      outputOf(command).answer(adapter, formatAdapter(adapter))
    })

  adapters
    .command('discard <adapter>')
    .description('throw it away')
    .action(async (adapter: string, _options, command: Command) => {
      const list = await inLibrary(command, async (library) => {
        const { id } = await adapterOf(library, adapter)
        return library.discardAdapter({ adapter: id })
      })
      outputOf(command).answer(list, formatList(list))
    })

  program
    .command('evaluate [adapter]')
    .description('measure an adapter, else the active one, on your labelled photos that it has not learned')
    .option('--against <adapter>', "compare with this one; else with the model's own")
    .action(async (name: string | undefined, { against }: { against?: string }, command: Command) => {
      const measured = await inLibrary(command, async (library) => {
        const adapter = name === undefined ? await activeOf(library) : (await adapterOf(library, name)).id
        const other = against === undefined ? null : (await adapterOf(library, against)).id
        return withProgress(library, (signal) =>
          library.measureAdapter({ adapter, against: other }, { signal }),
        )
      })
      const { photos, ...figures } = measured
      outputOf(command).answer(
        measured,
        [verdictTable(photos, figures), ...verdictSentences(figures)].join('\n'),
      )
    })
}

async function activeOf(library: LibraryClient): Promise<string> {
  const { active } = await library.adapters({})
  if (active !== null) return active
  throw new LensloreError(
    'INVALID_ARGUMENT',
    'The model captions with its own adapter: name one to compare with it.',
  )
}

/** @throws LensloreError `INVALID_ARGUMENT` where none is meant, or several */
async function adapterOf(library: LibraryClient, name: string): Promise<Adapter> {
  const { adapters } = await library.adapters({})
  const meant = adapters.filter(
    (each) => each.name === name || (name.length >= 4 && each.id.startsWith(name)),
  )
  if (meant.length === 1) return meant[0]!
  throw new LensloreError(
    'INVALID_ARGUMENT',
    meant.length === 0
      ? `This library has no adapter ${printable(name)}; "lenslore adapters" lists those it has.`
      : `${meant.length} adapters are meant by ${printable(name)}: name one by the letters of its id.`,
  )
}

function formatList({ adapters, active }: AdapterList): string {
  const own = `${active === null ? '*' : ' '} The model's own`
  const lines = adapters.map(
    (adapter) =>
      `${adapter.id === active ? '*' : ' '} ${adapter.id.slice(0, 12)}  ${day(adapter.createdMs ?? adapter.addedMs)}  ${adapter.state.padEnd(8)}  ${printable(adapter.name)}`,
  )
  return [...lines, own].join('\n')
}

function formatAdapter(adapter: Adapter): string {
  const facts = factsOf(adapter).filter(([, value]) => value !== '')
  // Figures of a file are called as whoever made it called them.
  const width = Math.max(...facts.map(([what]) => what.length))
  return facts.map(([what, value]) => `${what.padEnd(width)} ${value}`).join('\n')
}

function formatSideBySide(adapters: readonly Adapter[]): string {
  const columns = adapters.map((adapter) => new Map(factsOf(adapter)))
  const whats = [...new Set(columns.flatMap((column) => [...column.keys()]))].filter((what) =>
    columns.some((column) => column.get(what)),
  )
  return whats
    .map((what) => [what, ...columns.map((column) => column.get(what) || '–')].join('\t'))
    .join('\n')
}

function factsOf(adapter: Adapter): [what: string, value: string][] {
  const { shape, measured, parent } = adapter
  const figures = Object.entries({ ...adapter.data, ...adapter.metrics })
  return [
    ['id', adapter.id],
    ['name', printable(adapter.name)],
    ['note', printable(adapter.note)],
    ['state', adapter.state],
    ['from', adapter.origin === 'trained' ? 'trained here' : 'elsewhere'],
    ['created', day(adapter.createdMs ?? adapter.addedMs)],
    ['model', printable(adapter.baseModel)],
    ['parent', parent ?? "the model's own"],
    [
      'shape',
      `rank ${shape.rank}, ${shape.heads} heads, from layer ${shape.firstLayer}, scale ${shape.scale}`,
    ],
    ['parameters', shape.parameters.toLocaleString('en')],
    ['names', adapter.names.map(({ text }) => printable(text)).join(', ')],
    ...figures.map(([what, value]): [string, string] => [
      printable(what),
      String(Math.round(value * 1000) / 1000),
    ]),
    ['measured', measured ? verdictSentences(measured).join(' ') : ''],
  ]
}

function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}
