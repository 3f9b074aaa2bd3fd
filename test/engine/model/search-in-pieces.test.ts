import assert from 'node:assert/strict'
import { test } from 'node:test'
import { providerNames } from '../../../src-main/contract/providers.ts'
import { buildCaptionGraph } from '../../../src-main/engine/model/caption-graph.ts'
import { buildSearch, type SearchInPieces } from '../../../src-main/engine/model/search-in-pieces.ts'
import { countCopies, keepDevice, onDevice } from '../software-gpu.ts'
import { captionWith, readSubject, type Subject } from '../tiny-oracle.ts'

keepDevice()

const generation = { beams: 4, lengthPenalty: 0.8, maxNewTokens: 12 }

function inPieces({ model }: Subject, maxNewTokens: number): SearchInPieces {
  return buildSearch('webgpu', 'pixels', model, { ...generation, maxNewTokens }) as SearchInPieces
}

test('the search is in pieces for WebGPU alone', async () => {
  const { model } = await readSubject('a')
  for (const provider of providerNames) {
    assert.equal(
      'goOn' in buildSearch(provider, 'pixels', model, generation),
      provider === 'webgpu',
      provider,
    )
  }
})

test('texts of every length are cut into pieces without a token too many', async () => {
  const subject = await readSubject('a')
  for (let longest = 1; longest <= 24; longest++) {
    const { begun, added, goOn } = inPieces(subject, longest)
    assert.equal(goOn === null, begun === longest)
    if (goOn) assert.equal((longest - begun) % added, 0)
    assert.ok(begun <= 3 && added <= 5, `${longest}: ${begun} and ${added}`)
  }
})

for (const [maxNewTokens, endToken] of [
  [1, 60],
  [12, 2],
] as const) {
  test(`the search in pieces finds what the loop finds: ${maxNewTokens} tokens, end ${endToken}`, async (context) => {
    const { model, pixels } = await readSubject('a')
    const config = { ...model.decoder.config, endToken }
    const ending = { ...model, decoder: { ...model.decoder, config } }
    const settings = { ...generation, maxNewTokens }
    const expected = await captionWith(buildCaptionGraph(ending, settings), pixels)
    const found = await onDevice(context, () =>
      captionWith(buildSearch('webgpu', 'pixels', ending, settings), pixels, 'webgpu'),
    )
    if (!found) return
    assert.deepEqual(
      found.map(({ ids }) => ids),
      expected.map(({ ids }) => ids),
    )
    for (const [at, { score }] of found.entries()) assert.ok(Math.abs(score - expected[at]!.score) < 1e-4)
  })
}

test('no tensor crosses between the host and the device for a token', async (context) => {
  // An adapter, cross-attention, a convolutional tower with a text encoder.
  for (const name of ['a', 'b', 'e']) {
    const subject = await readSubject(name)
    const loop = await onDevice(context, () => countCopies(buildCaptionGraph(subject.model, generation)))
    if (!loop) return
    assert.ok(loop.toHost > 0, 'copies are counted')
    const { begin, goOn } = inPieces(subject, generation.maxNewTokens)
    assert.deepEqual(await countCopies(begin), { toHost: 0, toDevice: 0 }, `${name}, begin`)
    assert.deepEqual(await countCopies(goOn!), { toHost: 0, toDevice: 0 }, `${name}, go on`)
  }
})
