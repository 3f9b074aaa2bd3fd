import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Captioner, openCaptioner } from '../../../src-main/engine/captioning/captioner.ts'

const modelDirectory = fileURLToPath(new URL('../../../models/lenslore-v1', import.meta.url))
const way = { adapterPath: null, provider: 'cpu', threads: 1 } as const
let captioner: Captioner

before(async () => {
  captioner = await openCaptioner({ ...way, modelDirectory })
})
after(() => captioner.close())

const cosine = (a: Float32Array, b: Float32Array) => a.reduce((sum, x, at) => sum + x * b[at]!, 0)

test('a picture is where its caption was compared with it, with or without being captioned', async () => {
  const side = captioner.imageSizePx
  const pixels = Float32Array.from(
    { length: 2 * 3 * side * side },
    (_, at) => Math.sin(at / 997) + Math.cos(at / 31),
  )
  const captions = await captioner.caption(pixels, 2)
  const alone = await captioner.embedPictures(pixels, 2)
  const texts = await captioner.embedTexts(captions.map(({ text }) => text))
  for (const [at, { embedding, similarity }] of captions.entries()) {
    assert.equal(embedding!.length, 256)
    assert.ok(Math.abs(cosine(embedding!, embedding!) - 1) < 1e-5)
    assert.ok(cosine(embedding!, alone[at]!) > 1 - 1e-5)
    assert.ok(Math.abs(cosine(texts[at]!, embedding!) - similarity!) < 1e-4)
  }
})

test('texts mean the same whatever stands beside them, and what is too long is read as far as it goes', async () => {
  const long = 'a dog on the beach '.repeat(40)
  const [dog, cut] = await captioner.embedTexts(['a dog on the beach', long])
  const [alone] = await captioner.embedTexts(['a dog on the beach'])
  assert.ok(cosine(dog!, alone!) > 1 - 1e-5)
  const [longer] = await captioner.embedTexts([`${long} and a cat`])
  assert.ok(cosine(cut!, longer!) > 1 - 1e-5)
})

test('a space is known by the base and by what brings pictures there', () => {
  assert.match(captioner.spaceId!, /^[0-9a-f]{16}$/)
})
