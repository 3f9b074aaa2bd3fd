/**
 * All that is measured on a graphics card, one program after the other, for whoever is lent one:
 *
 *     npm run bench -- gpu [--provider webgpu] [--batch 8,32,64] [--python /venv/bin/python3]… [--minutes 8] [--work DIR]
 *         [PHOTOS CAPTIONS.json …]
 *
 * Agreement with the oracle; photos a second at every precision, beside PyTorch on the same card (`captioner`); a training step, beside
 * PyTorch's, and what five texts take of the time of eight (`training-step`); with labelled photos, how many captions are
 * the same in half precision (`forms`, which keeps what it finds with `--write`). Each program has so many minutes. A driver that computes on the processor is
 * refused: nothing of it is worth knowing here.
 */
import { spawnSync } from 'node:child_process'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { providerNames } from '../src-main/contract/providers.ts'
import { precisionsOf } from '../src-main/engine/captioning/precision.ts'
import { checkForDevice } from '../src-main/engine/trial/attempt.ts'
import { describeDevice } from '../src-main/engine/trial/device.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    provider: { type: 'string', default: 'webgpu' },
    batch: { type: 'string', default: '8,32,64' },
    python: { type: 'string', multiple: true, default: [] },
    minutes: { type: 'string', default: '8' },
    work: { type: 'string', default: join(tmpdir(), 'lenslore-bench-gpu') },
    write: { type: 'boolean', default: false },
  },
})
const provider = z.enum(providerNames).exclude(['cpu']).parse(values.provider)

console.log(await describeDevice())
await checkForDevice(provider, 1).catch((thrown: Error) => {
  console.error(`Nothing is measured: ${thrown.message}`)
  process.exit(1)
})

const repository = fileURLToPath(new URL('..', import.meta.url))
const failed: string[] = []
const way = ['--provider', provider, '--work', values.work]
const pythons = values.python.flatMap((path) => ['--python', path])

for (const checkpoint of ['a', 'b', 'e']) {
  const folder = join(repository, 'test', 'fixtures', 'oracle', checkpoint)
  run(`agreement with the oracle, ${checkpoint}`, 'src-main/engine/oracle.ts', [folder, provider])
}
run('captions', 'bench/captioner.ts', [...way, '--batch', values.batch, ...pythons])
// One peer, of the first interpreter named.
const peer = pythons.slice(0, 2)
run('a training step', 'bench/training-step.ts', [...way, ...peer])
run('five texts of eight', 'bench/training-step.ts', [...way, ...peer, '--texts', '8', '--fewer', '5'])
if (positionals.length > 0 && precisionsOf[provider].includes('fp16')) {
  const keeping = values.write ? ['--write'] : []
  const form = ['--provider', provider, '--precision', 'fp16', ...keeping]
  run('the same captions in half precision', 'bench/forms.ts', [...positionals, ...form])
}
if (failed.length > 0) console.error(`Did not end well: ${failed.join(', ')}`)
process.exitCode = failed.length === 0 ? 0 : 1

function run(title: string, program: string, args: readonly string[]): void {
  console.log(`\n== ${title} (load ${loadavg()[0]!.toFixed(1)})`)
  const timeout = Number(values.minutes) * 60_000
  const { status } = spawnSync(process.execPath, [join(repository, program), ...args], {
    stdio: 'inherit',
    timeout,
  })
  if (status !== 0) failed.push(title)
}
