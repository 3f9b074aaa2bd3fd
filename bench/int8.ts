/**
 * What the int8 form of a model does on the processor, beside the same model in fp32:
 *
 *     npm run bench -- int8 [--model DIR] [--rounds 6] [--batch 8] [--beams 5] [--tokens 16] [--work DIR]
 *
 * Without `--model` it is one with random weights at the sizes of CLIP ViT-B/32 and GPT-2 small. Prints how far the logits are
 * off, the processor time of tower, decoder and all of it (one thread, in turns, the least of the rounds, so that it can be told on
 * a machine that does something else, too), and which operators of the int8 graph the time is in.
 */
import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readCheckpoint } from '../src-main/engine/captioning/checkpoint.ts'
import { openInt8Form } from '../src-main/engine/captioning/int8-form.ts'
import { packModel } from '../src-main/engine/captioning/packed-model.ts'
import { openPacked, type Session, type SessionTensor } from '../src-main/engine/captioning/session.ts'
import { buildCaptionGraph, buildRecallGraph } from '../src-main/engine/model/caption-graph.ts'
import { type Form, Graph } from '../src-main/engine/model/graph.ts'
import { buildTeacherForcedGraph } from '../src-main/engine/model/teacher-forced-graph.ts'
import { buildVisionTower } from '../src-main/engine/model/vision-tower.ts'
import { writeRandomCheckpoint } from './random-checkpoint.ts'

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    rounds: { type: 'string', default: '6' },
    batch: { type: 'string', default: '8' },
    beams: { type: 'string', default: '5' },
    tokens: { type: 'string', default: '16' },
    work: { type: 'string', default: join(tmpdir(), 'lenslore-bench-captioner') },
  },
})
const directory = values.model ?? join(values.work, 'model')
if (!(await stat(join(directory, 'config.json')).catch(() => null))) await writeRandomCheckpoint(directory)

type Build = (form: Form | null) => Graph
type Feeds = Record<string, SessionTensor>

const { model, adapterFile } = await readCheckpoint(directory, null)
const loose = new Set(adapterFile === null ? [] : [adapterFile])
const batch = Number(values.batch)
const length = Number(values.tokens)
const generation = { beams: Number(values.beams), lengthPenalty: 0.8, maxNewTokens: length }
const pixels = makePixels()
const percent = (share: number) => `${(share * 100).toFixed(2)} %`
console.log(`${cpus()[0]?.model}, one thread; load ${loadavg()[0]!.toFixed(1)}`)
console.log(`batch ${batch}, ${generation.beams} beams, ${length} tokens`)

await compareLogits()
const tower: Build = (form) => {
  const g = new Graph('tower', null, form)
  g.namedOutput('memory', buildVisionTower(g, model.vision))
  return g
}
const { memory } = await compareTime('tower', tower, { pixels })
await compareTime('decoder', (form) => buildRecallGraph(model, generation, undefined, form), {
  memory: memory!,
})
const whole: Build = (form) => buildCaptionGraph(model, generation, undefined, form)
await compareTime('all of it', whole, { pixels })
await profile(whole)
process.exit(0)

async function compareLogits(): Promise<void> {
  const { vocabulary } = model.decoder.config
  const data = BigInt64Array.from({ length: batch * length }, (_, at) => BigInt((at * 7919) % vocabulary))
  const feeds = { pixels, tokens: { data, shape: [batch, length] } }
  const logits: Float32Array[] = []
  for (const isInt8 of [false, true]) {
    const session = await open((form) => buildTeacherForcedGraph(model, length, form), isInt8)
    logits.push((await session.run(feeds)).logits!.data as Float32Array)
    await session.close()
  }
  let [error, size, largest] = [0, 0, 0]
  for (const [at, value] of logits[0]!.entries()) {
    const difference = Math.abs(value - logits[1]![at]!)
    error += difference ** 2
    size += value ** 2
    largest = Math.max(largest, difference)
  }
  console.log(
    `logits: ${percent(Math.sqrt(error / size))} off (root mean square), ${largest.toFixed(3)} at most`,
  )
}

/** @returns what fp32 gave */
async function compareTime(name: string, build: Build, feeds: Feeds): Promise<Record<string, SessionTensor>> {
  const sessions = [await open(build, false), await open(build, true)]
  const least = [Infinity, Infinity]
  let given: Record<string, SessionTensor> = {}
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const [at, session] of sessions.entries()) {
      const before = process.cpuUsage()
      const outputs = await session.run(feeds)
      const { user, system } = process.cpuUsage(before)
      least[at] = Math.min(least[at]!, (user + system) / 1000 / batch)
      if (at === 0) given = outputs
    }
  }
  for (const session of sessions) await session.close()
  const [full, fewer] = least as [number, number]
  console.log(
    `${name}: fp32 ${full.toFixed(1)}, int8 ${fewer.toFixed(1)} ms a photo; ${(full / fewer).toFixed(2)} times`,
  )
  return given
}

async function open(build: Build, isInt8: boolean, profilePrefix?: string): Promise<Session> {
  const form = isInt8 ? await openInt8Form(build, { directory: join(values.work, 'forms'), loose }) : null
  const choices = profilePrefix === undefined ? {} : { profilePrefix }
  return openPacked(await packModel(build(form), loose), 'cpu', 1, choices)
}

interface ProfileEvent {
  cat: string
  name: string
  ts: number
  dur: number
  args: { op_name?: string }
}

/** Of the second run: the first one takes the memory that it needs. */
async function profile(build: Build): Promise<void> {
  const prefix = 'profile-int8'
  const session = await open(build, true, join(values.work, prefix))
  await session.run({ pixels })
  await session.run({ pixels })
  await session.close()
  for (const name of (await readdir(values.work)).filter((each) => each.startsWith(prefix))) {
    const path = join(values.work, name)
    const events: ProfileEvent[] = JSON.parse(await readFile(path, 'utf8'))
    await rm(path)
    const lastMs = Math.max(...events.filter((event) => event.name === 'model_run').map(({ ts }) => ts))
    const times = new Map<string, number>()
    for (const { cat, name: node, ts, dur, args } of events) {
      // A loop's time is that of what is in it.
      if (cat !== 'Node' || !node.endsWith('kernel_time') || args.op_name === 'Loop' || ts < lastMs) continue
      times.set(args.op_name!, (times.get(args.op_name!) ?? 0) + dur)
    }
    const total = times.values().reduce((a, b) => a + b, 0)
    for (const [operator, time] of [...times].sort((a, b) => b[1] - a[1]).slice(0, 10)) {
      console.log(`${percent(time / total).padStart(8)} of the time of int8 in ${operator}`)
    }
  }
}

/** `[B, 3, S, S]`: waves, others in each picture. */
function makePixels(): SessionTensor {
  const side = model.vision.config.imageSizePx
  const size = 3 * side ** 2
  const data = Float32Array.from(
    { length: batch * size },
    (_, at) => Math.sin(at / 997) + Math.cos(at / 31 + Math.floor(at / size)),
  )
  return { data, shape: [batch, 3, side, side] }
}
