import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { cosineOfPacked } from '../../src-main/contract/embedding.ts'
import type { CaptionResult, EngineInfo } from '../../src-main/contract/engine-calls.ts'
import type { ProviderTrial } from '../../src-main/contract/providers.ts'
import { openCaptioner } from '../../src-main/engine/captioning/captioner.ts'
import { readCheckpoint } from '../../src-main/engine/captioning/checkpoint.ts'
import { createEngine } from '../../src-main/engine/engine.ts'
import { preparePicture } from '../../src-main/engine/imaging/picture.ts'
import { normalisePixels } from '../../src-main/engine/imaging/pixels.ts'
import { inputSizePx, readPreprocessing } from '../../src-main/engine/imaging/preprocessing.ts'
import { waves } from './imaging/synthetic-pictures.ts'
import { searchReadably } from './readable-search.ts'

// The model that comes along, as the engine's process runs it.

const embedded = fileURLToPath(new URL('../../models/lenslore-v1', import.meta.url))
const shared = fileURLToPath(new URL('../../../shared', import.meta.url))
const anyone = new AbortController().signal
const engine = createEngine()
let directory: string
let info: EngineInfo

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lenslore-embedded-'))
  info = await engine.open(
    {
      modelDirectory: embedded,
      adapterPath: null,
      provider: 'cpu',
      precision: 'fp32',
      formDirectory: null,
      trials: [],
      threads: 1,
    },
    anyone,
  )
})
after(() => rm(directory, { recursive: true }))

async function captionFile(path: string): Promise<CaptionResult> {
  const { pixels } = await engine.decode(
    { path, input: info.input, thumbnailDirectory: null, isUrgent: false },
    anyone,
  )
  return engine.caption({ pixels: pixels!, readings: true }, anyone)
}

async function captionSvg(name: string, content: string, background: string): Promise<CaptionResult> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="800" height="600">
    <rect width="100%" height="100%" fill="${background}"/>${content}</svg>`
  const path = join(directory, name)
  await writeFile(path, await sharp(Buffer.from(svg)).jpeg({ quality: 90 }).toBuffer())
  return captionFile(path)
}

test('a picture of one colour gets an answer without words', async () => {
  for (const colour of ['#000', '#fff', '#284a72']) {
    const result = await captionSvg(`${colour.slice(1)}.jpg`, '', colour)
    assert.deepEqual(
      [result.caption, result.isUnsure, result.doubtfulWords, result.confidence],
      ['', false, [], null],
    )
    assert.equal(result.readings, undefined)
  }
})

test('a page of text and a drawing keep their words, marked unsure', async () => {
  const lines = Array.from(
    { length: 14 },
    (_, row) =>
      `<text x="60" y="${70 + row * 36}" font-size="24" fill="#222">A letter of many years ago, line ${row}</text>`,
  )
  const circles = Array.from(
    { length: 5 },
    (_, n) =>
      `<circle cx="${150 + n * 110}" cy="300" r="${40 + n * 9}" stroke="#246" stroke-width="4" fill="none"/>`,
  )
  for (const [name, content] of [
    ['letter.jpg', lines],
    ['drawing.jpg', circles],
  ] as const) {
    const result = await captionSvg(name, content.join(''), '#fbf8f0')
    assert.ok(result.caption.length > 0)
    assert.equal(result.isUnsure, true, `${name}: ${result.caption}`)
  }
})

test('a caption comes with its probability, and with a look over 7 × 7 places for each word', async () => {
  const path = join(directory, 'waves.png')
  const raw = { width: 320, height: 240, channels: 3 as const }
  await writeFile(
    path,
    await sharp(waves({ widthPx: 320, heightPx: 240 }), { raw })
      .png()
      .toBuffer(),
  )
  const result = await captionFile(path)
  assert.ok(result.confidence! > 0 && result.confidence! < 1)
  const words = result.caption.split(' ')
  const { readings } = result
  assert.deepEqual(readings![0], { text: result.caption, score: result.score })
  assert.equal(readings!.length, 3)
  assert.ok(readings!.every(({ score }, at) => at === 0 || score <= readings![at - 1]!.score))

  const { pixels } = await engine.decode(
    { path, input: info.input, thumbnailDirectory: null, isUrgent: false },
    anyone,
  )
  const look = async (text: string) => engine.look({ pixels: pixels!, text }, anyone)
  const own = await look(result.caption)
  assert.deepEqual([own.rows, own.columns], [7, 7])
  assert.deepEqual(
    own.words.map(({ start, end }) => result.caption.slice(start, end)),
    words,
  )
  const longer = await look(`${result.caption} and Grandma’s 🪁 red  kite ${'over the sea '.repeat(20)}`)
  for (const { start, end, weights } of longer.words) {
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    assert.ok(end > start && weights.length === 49 && total > 0 && total <= 1 + 1e-5)
  }
  // What comes after a word changes nothing of where it was looked for.
  for (const [at, { weights }] of own.words.entries()) {
    for (const [place, weight] of weights.entries())
      assert.ok(Math.abs(weight - longer.words[at]!.weights[place]!) < 1e-5)
  }
  for (const [start, end] of result.doubtfulWords) assert.ok(words.includes(result.caption.slice(start, end)))
})

test('a picture lies in the model’s space where its words are, with its caption and alone', async () => {
  const sea =
    '<rect width="100%" height="50%" y="50%" fill="#06c"/><circle cx="600" cy="120" r="60" fill="#fd2"/>'
  const { embedding } = await captionSvg('sea.jpg', sea, '#8cf')
  const { pixels } = await engine.decode(
    { path: join(directory, 'sea.jpg'), input: info.input, thumbnailDirectory: null, isUrgent: false },
    anyone,
  )
  const alone = unit(await engine.embed({ pixels: pixels! }, anyone))
  assert.ok(cosineOfPacked(embedding!, alone) > 0.9995)
  const near = async (text: string) => {
    const read = await engine.embedText({ modelDirectory: embedded, text }, anyone)
    assert.equal(read.spaceId, info.spaceId)
    return cosineOfPacked(embedding!, read.embedding)
  }
  assert.ok((await near('the sun over the sea')) > (await near('two men eating pizza at a table')))
})

test('a word in small letters means what it means in a sentence', async () => {
  const read = async (text: string) =>
    (await engine.embedText({ modelDirectory: embedded, text }, anyone)).embedding
  for (const word of ['puppy', 'kids making a mess', 'snow']) {
    const [alone, inSentence] = [await read(word), await read(`A ${word}`)]
    const cosine = alone.reduce((sum, each, at) => sum + each * inSentence[at]!, 0)
    assert.ok(cosine > 0.8, `${word}: ${cosine}`)
  }
})

function unit(numbers: Int8Array): Float32Array {
  const length = Math.hypot(...numbers)
  return Float32Array.from(numbers, (each) => each / length)
}

test('on 50 real photos the graph writes what the step-by-step reference writes', async (context) => {
  const archive = join(shared, 'photos/flickr8k-dev.tar')
  if (!existsSync(archive)) return context.skip(`${archive} is not on this machine`)
  const photos = join(directory, 'photos')
  spawnSync('mkdir', [photos])
  assert.equal(spawnSync('tar', ['-xf', archive, '-C', photos]).status, 0)
  const names = readdirSync(photos).sort().slice(0, 50)
  const options = { modelDirectory: embedded, adapterPath: null, provider: 'cpu', threads: 2 } as const
  const captioner = await openCaptioner(options)
  const preprocessing = readPreprocessing(captioner.preprocessorConfig)
  const side = captioner.imageSizePx
  const pictures = await Promise.all(
    names.map((name) =>
      preparePicture(join(photos, name), { input: preprocessing, thumbnailDirectory: null }),
    ),
  )
  const data = normalisePixels(
    pictures.map(({ pixels }) => pixels),
    preprocessing,
  )
  const captions = await captioner.caption(data, names.length)
  await captioner.close()
  const { model, generation } = await readCheckpoint(embedded, null)
  const expected = await searchReadably(model, { data, shape: [names.length, 3, side, side] }, generation)
  const { endToken } = model.decoder.config
  return assert.deepEqual(
    captions.map(({ tokenIds }) => tokenIds),
    expected.map(({ ids }) => ids.filter((id) => id !== endToken)),
  )
})

test('it is run in int8 where that was measured, and in fp32 where its form cannot be kept', async () => {
  const own = createEngine()
  const asked = { modelDirectory: embedded, adapterPath: null }
  const { candidates, modelId, device } = await own.planTrial(asked, anyone)
  const candidate = candidates.find(({ precision }) => precision === 'int8')
  assert.equal(candidate?.refusal, null, 'its config.json has a figure')
  const way = { provider: 'cpu', threads: 1, precision: 'int8' } as const
  const rates = [{ batchSize: 4, photosPerSecond: 100 }]
  const trial: ProviderTrial = {
    modelId,
    device,
    attempts: [{ ...way, state: 'measured', message: null, openMs: 1, rates }],
    chosen: { ...way, batchSize: 4 },
    finishedMs: 1,
  }
  const open = (precision: 'auto' | 'int8', formDirectory: string) =>
    own.open({ ...asked, provider: 'auto', precision, formDirectory, trials: [trial] }, anyone)

  const opened = await open('auto', join(directory, 'forms'))
  assert.deepEqual([opened.precision, opened.batchSize, opened.choice], ['int8', 4, 'measured'])
  const { widthPx, heightPx } = inputSizePx(opened.input)
  const pixels = Uint8Array.from(
    { length: 3 * widthPx * heightPx },
    (_, at) => 128 + 100 * Math.sin(at / 900),
  )
  assert.equal((await own.caption({ pixels, readings: false }, anyone)).precision, 'int8')

  const noFolder = join(directory, 'no-folder')
  await writeFile(noFolder, '')
  assert.equal((await open('auto', noFolder)).precision, 'fp32')
  await assert.rejects(async () => open('int8', noFolder), { code: 'WRITE_FAILED' })
})
