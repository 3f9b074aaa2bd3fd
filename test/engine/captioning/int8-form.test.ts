import assert from 'node:assert/strict'
import { cp, mkdtemp, readdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { writeRandomCheckpoint } from '../../../bench/random-checkpoint.ts'
import { openCaptioner } from '../../../src-main/engine/captioning/captioner.ts'
import { readCheckpoint } from '../../../src-main/engine/captioning/checkpoint.ts'
import { type Int8FormOptions, openInt8Form } from '../../../src-main/engine/captioning/int8-form.ts'
import { runOnce } from '../../../src-main/engine/captioning/search-session.ts'
import type { SessionTensor } from '../../../src-main/engine/captioning/session.ts'
import { type Form, Graph } from '../../../src-main/engine/model/graph.ts'
import { float32Tensor, writeSafetensors } from '../../../src-main/engine/model/safetensors.ts'
import { buildTeacherForcedGraph } from '../../../src-main/engine/model/teacher-forced-graph.ts'
import { buildVisionTower } from '../../../src-main/engine/model/vision-tower.ts'
import { oracleFolder, readSubject, readTensorsToWrite } from '../tiny-oracle.ts'

let home: string
let model: string
let directory: string

const sizes = {
  vision: {
    hidden_size: 48,
    intermediate_size: 96,
    num_hidden_layers: 1,
    num_attention_heads: 3,
    image_size: 24,
    patch_size: 8,
  },
  gpt2: { n_embd: 48, n_layer: 2, n_head: 4, vocab_size: 60, n_positions: 24 },
  itune: { rank: 24, heads: 3, first_layer: 0, scale: 1 },
}
const textLength = 8
const embedded = fileURLToPath(new URL('../../../models/lenslore-v1', import.meta.url))

before(async () => {
  home = await mkdtemp(join(tmpdir(), 'lenslore-int8-'))
  model = join(home, 'model')
  await writeRandomCheckpoint(model, sizes)
})
beforeEach(async () => {
  directory = await mkdtemp(join(home, 'forms-'))
})
after(() => rm(home, { recursive: true }))

async function openForm(options: Partial<Int8FormOptions> & { folder?: string } = {}) {
  const { folder = model, ...more } = options
  const { model: read, adapterFile } = await readCheckpoint(folder, null)
  const build = (form: Form | null): Graph => buildTeacherForcedGraph(read, textLength, form)
  return { build, form: await openInt8Form(build, { directory, loose: new Set([adapterFile!]), ...more }) }
}

/** Of the root mean square. */
function errorShare(full: Float32Array, found: Float32Array): number {
  const size = (values: Float32Array) => Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0))
  return size(full.map((value, at) => value - found[at]!)) / size(full)
}

/** What the tower of a model gives the decoder, in fp32 and in int8. */
async function seeBoth(folder: string, pixels: SessionTensor) {
  const { model: read } = await readCheckpoint(folder, null)
  const build = (form: Form | null): Graph => {
    const g = new Graph('tower', null, form)
    g.namedOutput('memory', buildVisionTower(g, read.vision))
    return g
  }
  const [fullGraph, int8Graph] = [
    build(null),
    build(await openInt8Form(build, { directory, loose: new Set() })),
  ]
  const [full, fewer] = [await runOnce(fullGraph, { pixels }), await runOnce(int8Graph, { pixels })]
  return {
    fullGraph,
    int8Graph,
    full: full.memory!.data as Float32Array,
    fewer: fewer.memory!.data as Float32Array,
  }
}

const operatorsOf = ({ nodes }: Graph) => nodes.map(({ operator }) => operator)

// The norms of e were never trained: they say little of what goes through its tower, so that its steps are cut off too early.
for (const [name, most] of [
  ['a', 0.06],
  ['b', 0.06],
  ['e', 0.2],
] as const) {
  test(`the logits of checkpoint ${name} in int8 are near those of fp32`, async () => {
    const { model: read, pixels } = await readSubject(name)
    const { vocabulary } = read.decoder.config
    const images = pixels.shape[0]!
    const tokens = BigInt64Array.from({ length: images * textLength }, (_, at) =>
      BigInt((at * 7) % vocabulary),
    )
    const feeds = { pixels, tokens: { data: tokens, shape: [images, textLength] } }
    const { build, form } = await openForm({ folder: oracleFolder(name) })
    assert.ok(operatorsOf(build(form)).includes('DynamicQuantizeMatMul'))
    const [expected, found] = [await runOnce(build(null), feeds), await runOnce(build(form), feeds)]
    const share = errorShare(expected.logits!.data as Float32Array, found.logits!.data as Float32Array)
    assert.ok(share > 0 && share < most, `${share}`)
  })
}

test('convolutions of the embedded tower are in int8, and what it sees is near what it sees in fp32', async () => {
  const side = 224
  const data = Float32Array.from(
    { length: 3 * side * side },
    (_, at) => Math.sin(at / 997) + Math.cos(at / 31),
  )
  const seen = await seeBoth(embedded, { data, shape: [1, 3, side, side] })
  const count = (graph: Graph, operator: string) =>
    operatorsOf(graph).filter((each) => each === operator).length
  // The stem and the one block that widens nothing stay in float32.
  assert.equal(count(seen.int8Graph, 'Conv'), 3)
  assert.equal(count(seen.int8Graph, 'QLinearConv'), count(seen.fullGraph, 'Conv') - 3)
  const share = errorShare(seen.full, seen.fewer)
  assert.ok(share > 0 && share < 0.12, `${share}`)
})

test('a channel that its norm switches off is its bias in int8 as well', async () => {
  const folder = join(home, 'switched-off')
  await cp(oracleFolder('e'), folder, { recursive: true })
  const path = join(folder, 'vision.safetensors')
  const tensors = await readTensorsToWrite(path)
  // All that is seen is one bias: the head's norm multiplies by nothing, and only two of its channels differ.
  const { shape } = tensors.get('bn2.bias')!
  const bias = new Float32Array(shape[0]!).fill(1).with(0, 5).with(1, 3)
  tensors.set('bn2.bias', float32Tensor(shape, bias))
  tensors.set('bn2.weight', float32Tensor(shape, new Float32Array(shape[0]!)))
  await writeSafetensors(path, tensors)
  const { pixels } = await readSubject('e')
  const { full, fewer } = await seeBoth(folder, pixels)
  const share = errorShare(full, fewer)
  assert.ok(share < 0.02, `${share}`)
})

test('the form is made once, beside the model and not in it', async () => {
  const inModel = await readdir(model)
  const { form } = await openForm()
  const written = await stat(form.filePath!)
  const again = await openForm()
  assert.equal(again.form.filePath, form.filePath)
  assert.equal((await stat(form.filePath!)).ino, written.ino)
  assert.deepEqual((await readdir(directory)).length, 1)
  assert.deepEqual(await readdir(model), inModel)
})

test('a form half written is not used, and what was left of one goes', async () => {
  const { form } = await openForm()
  const whole = await readFile(form.filePath!)
  for (const length of [0, 5, 200, whole.length - 1]) {
    await truncate(form.filePath!, length)
    await openForm()
    assert.deepEqual(await readFile(form.filePath!), whole)
  }
  const left = `${form.filePath}.1-0.part`
  const underWay = `${form.filePath}.2-0.part`
  const other = join(directory, 'somebody-else')
  for (const path of [left, underWay, other]) await writeFile(path, whole.subarray(0, 99))
  await utimes(left, 1, 1)
  await openForm()
  assert.deepEqual(
    (await readdir(directory)).map((name) => join(directory, name)).sort(),
    [form.filePath, underWay, other].sort(),
  )
})

test('other weights have another form; one that another version made goes, and of too many those that nobody opens', async () => {
  const { form } = await openForm()
  const other = join(home, 'other')
  await writeRandomCheckpoint(other, sizes, 2)
  const second = await openForm({ folder: other })
  assert.notEqual(second.form.filePath, form.filePath)
  const older = form.filePath!.replace(/int8-\d+/, 'int8-0')
  await cp(form.filePath!, older)
  await openForm({ folder: other })
  const kept = async () => (await readdir(directory)).map((name) => join(directory, name)).sort()
  assert.deepEqual(await kept(), [form.filePath!, second.form.filePath!].sort())
  const { size } = await stat(form.filePath!)
  await openForm({ limitBytes: size * 1.5 })
  assert.deepEqual(await kept(), [form.filePath!])
})

test('another adapter is in the form without anything being kept anew', async () => {
  const { form, build } = await openForm()
  const copy = join(home, 'copy')
  await cp(model, copy, { recursive: true, preserveTimestamps: true })
  await writeRandomCheckpoint(join(home, 'third'), sizes, 3)
  await cp(join(home, 'third', 'itune.safetensors'), join(copy, 'itune.safetensors'))
  const swapped = await openForm({ folder: copy })
  assert.deepEqual(await readdir(directory), [form.filePath!.slice(directory.length + 1)])
  const int8Of = (graph: Graph) =>
    graph.initializers.filter(({ value }) => value.type === 'int8').map((each) => 'bytes' in each)
  assert.deepEqual(int8Of(swapped.build(swapped.form)), int8Of(build(form)))
  assert.ok(int8Of(build(form)).includes(true) && int8Of(build(form)).includes(false))
})

test('a captioner says at which precision it runs, and its words are much the same', async () => {
  const open = (precision: 'fp32' | 'int8', formDirectory: string | null) =>
    openCaptioner({
      modelDirectory: model,
      adapterPath: null,
      provider: 'cpu',
      threads: 1,
      precision,
      formDirectory,
    })
  const pixels = Float32Array.from({ length: 2 * 3 * 24 * 24 }, (_, index) => 2 * Math.sin(index * 0.37))
  const scores: number[] = []
  for (const precision of ['fp32', 'int8'] as const) {
    const captioner = await open(precision, directory)
    assert.equal(captioner.precision, precision)
    scores.push((await captioner.caption(pixels, 2))[0]!.score)
    await captioner.close()
  }
  assert.notEqual(scores[0], scores[1])
  assert.ok(Math.abs(scores[0]! - scores[1]!) < 0.05 * Math.abs(scores[0]!), `${scores}`)
  await assert.rejects(open('int8', null), { code: 'PROVIDER_UNAVAILABLE' })
  await writeFile(join(directory, 'file'), '')
  await assert.rejects(open('int8', join(directory, 'file')), { code: 'WRITE_FAILED' })
})
