import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { LensloreError } from '../../../src-main/contract/errors.ts'
import type { ProviderName } from '../../../src-main/contract/providers.ts'
import { readCheckpoint } from '../../../src-main/engine/captioning/checkpoint.ts'
import type { TrainingBatch } from '../../../src-main/engine/training/batch-feeds.ts'
import { makeFreshAdapter } from '../../../src-main/engine/training/fresh-adapter.ts'
import { type FrozenDecoder, freeze } from '../../../src-main/engine/training/step-graph.ts'
import {
  createTrainer,
  type Trainer,
  type TrainerSettings,
  usualSettings,
} from '../../../src-main/engine/training/trainer.ts'
import '../software-gpu.ts'

// Agreement with the independent implementation is in oracle.test.ts.

const directory = fileURLToPath(new URL('../../fixtures/oracle/b', import.meta.url))
let frozen: FrozenDecoder

before(async () => {
  const { model } = await readCheckpoint(directory, null)
  frozen = freeze(model, model.decoder.adapter!.config, 16)
})

function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** Texts of random words; all but the first `lengths[i]` positions are padding. */
function makeBatch(lengths: readonly number[], seed: number): TrainingBatch {
  const random = createRandom(seed)
  const textLength = Math.max(...lengths)
  const [rows, width] = frozen.memoryShape
  const { vocabulary } = frozen.decoder.config
  const words = Array.from({ length: lengths.length * (textLength + 1) }, () =>
    Math.floor(random() * vocabulary),
  )
  const at = (shift: number) => (_: unknown, place: number) =>
    words[Math.floor(place / textLength) * (textLength + 1) + (place % textLength) + shift]!
  const places = { length: lengths.length * textLength }
  return {
    memory: Float32Array.from({ length: lengths.length * rows * width }, () => 2 * random() - 1),
    tokens: Int32Array.from(places, at(0)),
    targets: Int32Array.from(places, at(1)),
    weights: Float32Array.from(places, (_, place) =>
      place % textLength < lengths[Math.floor(place / textLength)]! ? 1 : 0,
    ),
    textLength,
  }
}

async function withTrainer<T>(
  use: (trainer: Trainer) => Promise<T>,
  settings: Partial<TrainerSettings> = {},
  provider: ProviderName = 'cpu',
): Promise<T> {
  const trainer = createTrainer({
    frozen,
    adapter: makeFreshAdapter(frozen, createRandom(7)),
    settings: { ...usualSettings, ...settings },
    provider,
    threads: 1,
  })
  try {
    return await use(trainer)
  } finally {
    await trainer.close()
  }
}

/** A part of a batch's texts. */
function cut(batch: TrainingBatch, from: number, to: number): TrainingBatch {
  const texts = batch.tokens.length / batch.textLength
  const part = <T extends { length: number; slice(a: number, b: number): T }>(x: T) =>
    x.slice((x.length / texts) * from, (x.length / texts) * to)
  return {
    ...batch,
    memory: part(batch.memory),
    tokens: part(batch.tokens),
    targets: part(batch.targets),
    weights: part(batch.weights),
  }
}

function assertNear(got: number, wanted: number, within: number, what: string): void {
  assert.ok(Math.abs(got - wanted) <= within, `${what}: ${got} is not ${wanted}`)
}

const meanLoss = (losses: { lossSum: number; tokens: number }[]) =>
  losses.reduce((sum, { lossSum }) => sum + lossSum, 0) / losses.reduce((sum, { tokens }) => sum + tokens, 0)

test('a fresh adapter changes nothing, and learns a batch by heart', async () => {
  await withTrainer(
    async (trainer) => {
      const batch = makeBatch([6, 5, 3], 1)
      const before = await trainer.predict(batch, 3)
      const tensors = await trainer.tensors()
      assert.ok([...tensors].every(([name, data]) => !name.includes('o_proj') || data.every((x) => x === 0)))
      const first = meanLoss(await trainer.evaluate(batch))
      const losses: number[] = []
      for (let step = 0; step < 60; step++) losses.push((await trainer.step([batch], 0.03)).loss)
      assertNear(losses[0]!, first, 1e-5, 'the loss of a step is that before it')
      assert.ok(meanLoss(await trainer.evaluate(batch)) < 0.2 * first)
      const after = await trainer.predict(batch, 3)
      assert.notDeepEqual(after.probabilities, before.probabilities)
    },
    { labelSmoothing: 0 },
  )
})

test('the same steps give the same bits', async () => {
  const run = () =>
    withTrainer(async (trainer) => {
      const results = []
      for (let step = 0; step < 4; step++) {
        results.push(await trainer.step([makeBatch([7, 4, 4, 2], step)], 0.01))
        results.push(await trainer.step([makeBatch([5, 2], step), makeBatch([3], step + 50)], 0.01))
      }
      return { results, state: await trainer.state() }
    })
  assert.deepEqual(await run(), await run())
})

test('a training that goes on from its state is the one that was never interrupted', async () => {
  const step = (trainer: Trainer, index: number) =>
    trainer.step([makeBatch([6, 6, 5], index)], 0.01 / (index + 1))
  const whole = await withTrainer(async (trainer) => {
    const losses = []
    for (let index = 0; index < 6; index++) losses.push(await step(trainer, index))
    return { losses, state: await trainer.state() }
  })
  const state = await withTrainer(async (trainer) => {
    for (let index = 0; index < 3; index++) await step(trainer, index)
    const taken = await trainer.state()
    await step(trainer, 3)
    return taken
  })
  const resumed = await withTrainer(async (trainer) => {
    trainer.restore(state)
    const losses = []
    for (let index = 3; index < 6; index++) losses.push(await step(trainer, index))
    return { losses, state: await trainer.state() }
  })
  assert.deepEqual(resumed.losses, whole.losses.slice(3))
  assert.deepEqual(resumed.state, whole.state)
})

for (const provider of ['cpu', 'webgpu'] as const) {
  test(`a batch in parts is the same step as the whole one, on ${provider}`, async (context) => {
    const batch = makeBatch([8, 6, 6, 3, 1], 11)
    const parts = [cut(batch, 0, 2), cut(batch, 2, 3), cut(batch, 3, 5)]
    const runs = [[batch], parts].map((batches) =>
      withTrainer(
        async (trainer) => {
          const results = [await trainer.step(batches, 0.01), await trainer.step(batches, 0.01)]
          return { results, tensors: await trainer.tensors() }
        },
        {},
        provider,
      ),
    )
    const [whole, cutUp] = await Promise.all(runs).catch((thrown: unknown) => {
      if (thrown instanceof LensloreError && thrown.code === 'PROVIDER_UNAVAILABLE') return []
      throw thrown
    })
    if (!whole || !cutUp) return context.skip('WebGPU does not open on this machine')
    for (const [index, { loss, gradientNorm }] of whole.results.entries()) {
      assertNear(cutUp.results[index]!.loss, loss, 1e-5, 'loss')
      assertNear(cutUp.results[index]!.gradientNorm, gradientNorm, 1e-5, 'gradient norm')
    }
    for (const [name, data] of whole.tensors) {
      if (name.endsWith('k_proj.bias')) continue // softmax takes it away: its gradient is rounding alone
      const other = cutUp.tensors.get(name)!
      for (const [index, value] of data.entries()) assertNear(other[index]!, value, 1e-4, name)
    }
  })
}

test('padding and what follows it in a text change nothing', async () => {
  const short = makeBatch([4], 3)
  const length = 9
  const padded: TrainingBatch = {
    ...short,
    tokens: Int32Array.from({ length }, (_, place) => short.tokens[place] ?? 5),
    targets: Int32Array.from({ length }, (_, place) => short.targets[place] ?? 8),
    weights: Float32Array.from({ length }, (_, place) => short.weights[place] ?? 0),
    textLength: length,
  }
  const [one, other] = await Promise.all(
    [short, padded].map((batch) => withTrainer((trainer) => trainer.step([batch], 0.01))),
  )
  assertNear(other!.loss, one!.loss, 1e-6, 'loss')
  assertNear(other!.gradientNorm, one!.gradientNorm, 1e-5, 'gradient norm')
})

test('a text is weighed as it is said', async () => {
  const batch = makeBatch([5, 5], 4)
  const [first, second] = await withTrainer((trainer) => trainer.evaluate(batch))
  for (const [index] of batch.weights.entries()) batch.weights[index] = index < 5 ? 3 : 1
  const weighed = await withTrainer(
    async (trainer) => ({ texts: await trainer.evaluate(batch), step: await trainer.step([batch], 0.01) }),
    { labelSmoothing: 0 },
  )
  assertNear(weighed.texts[0]!.lossSum, 3 * first!.lossSum, 1e-4, 'three times the loss')
  assert.equal(weighed.texts[0]!.tokens, 15)
  assertNear(weighed.step.loss, (3 * first!.lossSum + second!.lossSum) / 20, 1e-5, 'mean by weight')
})

test('what is held to its own expectation is not moved, and comes back when it was', async () => {
  await withTrainer(
    async (trainer) => {
      const labels = makeBatch([6, 6], 21)
      const replayed = makeBatch([6, 6], 22)
      const nothing = new Float32Array(replayed.weights.length)
      const prediction = await trainer.predict(replayed, 16)
      const held: TrainingBatch = {
        ...replayed,
        weights: nothing,
        reference: { ...prediction, weights: replayed.weights },
      }
      const still = await trainer.step([held], 1e-9)
      assertNear(still.loss, 0, 1e-5, 'divergence from itself')
      assertNear(still.gradientNorm, 0, 1e-4, 'its gradient')
      for (let step = 0; step < 10; step++) await trainer.step([labels], 0.02)
      const moved = await trainer.step([held], 1e-9)
      assert.ok(moved.loss > 0.05, `${moved.loss}`)
      for (let step = 0; step < 30; step++) await trainer.step([held], 0.01)
      const back = await trainer.step([held], 1e-9)
      assert.ok(back.loss < 0.3 * moved.loss, `${back.loss} after ${moved.loss}`)
    },
    { hasReference: true, labelSmoothing: 0 },
  )
})

test('the divergence is that of the likeliest tokens and of all others as one', async () => {
  const batch = makeBatch([3], 31)
  const { vocabulary } = frozen.decoder.config
  const ids = Int32Array.from([1, 2, 3, 4, 5, 6])
  const probabilities = Float32Array.from([0.5, 0.3, 0.9, 0.05, 0.2, 0])
  await withTrainer(
    async (trainer) => {
      const all = await trainer.predict(batch, vocabulary)
      const of = (place: number, id: number) => {
        const row = all.ids.subarray(place * vocabulary, (place + 1) * vocabulary)
        return all.probabilities[place * vocabulary + row.indexOf(id)]!
      }
      let wanted = 0
      for (let place = 0; place < 3; place++) {
        let [rest, ownRest] = [1, 1]
        for (let k = 2 * place; k < 2 * place + 2; k++) {
          const [p, q] = [probabilities[k]!, of(place, ids[k]!)]
          if (p > 0) wanted += p * Math.log(p / q)
          rest -= p
          ownRest -= q
        }
        wanted += rest * Math.log(rest / ownRest)
      }
      const reference = { ids, probabilities, count: 2, weights: batch.weights }
      const { loss } = await trainer.step([{ ...batch, weights: new Float32Array(3), reference }], 0)
      assertNear(loss, wanted / 3, 1e-5, 'divergence')
    },
    { hasReference: true },
  )
})

test('a single word is enough to learn from', async () => {
  const batch = { ...makeBatch([3], 5), weights: Float32Array.of(0, 1, 0) }
  const settings = { labelSmoothing: 0, hasReference: true }
  await withTrainer(async (trainer) => {
    const [text] = await trainer.evaluate(batch)
    assert.equal(text!.tokens, 1)
    const { loss } = await trainer.step([batch], 0.01)
    assertNear(loss, text!.lossSum, 1e-5, 'the loss of that word alone')
    const prediction = await trainer.predict(batch, 5)
    assert.ok(prediction.probabilities.subarray(0, 5).every((probability) => probability === 0))
    assert.ok(prediction.probabilities.subarray(5, 10).every((probability) => probability > 0))
  }, settings)
})

test('a step in which nothing counts is refused', async () => {
  const batch = { ...makeBatch([3], 1), weights: new Float32Array(3) }
  await withTrainer(async (trainer) => {
    await assert.rejects(trainer.step([batch], 0.01), RangeError)
    assert.deepEqual(await trainer.evaluate(batch), [{ lossSum: 0, tokens: 0 }])
  })
})

/** Two texts of one length, the first praised and the second blamed, by so much. */
function praise(advantages: readonly [number, number], seed: number): TrainingBatch {
  const batch = makeBatch([5, 5], seed)
  for (const [index] of batch.weights.entries()) batch.weights[index] = advantages[index < 5 ? 0 : 1]
  return batch
}

test('a text that is praised becomes likelier and one that is blamed less so', async () => {
  const batch = praise([1, -0.5], 9)
  const [first, second] = await withTrainer(
    async (trainer) => {
      const measure = async () => (await trainer.evaluate(makeBatch([5, 5], 9))).map(({ lossSum }) => lossSum)
      const before = await measure()
      const { loss } = await trainer.reinforce([batch], 10, 0.01)
      assertNear(
        loss,
        (before[0]! - 0.5 * before[1]!) / 10,
        1e-5,
        'whatever the label smoothing of other steps',
      )
      for (let step = 0; step < 5; step++) await trainer.reinforce([batch], 10, 0.01)
      const after = await measure()
      return after.map((lossSum, text) => lossSum - before[text]!)
    },
    { labelSmoothing: 0.1 },
  )
  assert.ok(first! < -0.1 && second! > 0.1, `${first}, ${second}`)
})

test('how much is praised says how far a step goes, where it is not clipped', async () => {
  const normOf = (advantages: [number, number], positions: number) =>
    withTrainer(async (trainer) => {
      const { gradientNorm } = await trainer.reinforce([praise(advantages, 2)], positions, 0.01)
      return gradientNorm
    })
  const whole = await normOf([1, -1], 10)
  assertNear(await normOf([0.25, -0.25], 10), whole / 4, 1e-5, 'a quarter of the praise')
  assertNear(await normOf([1, -1], 20), whole / 2, 1e-5, 'as many positions again that say nothing')
  assert.equal(await normOf([0, 0], 10), 0)
})

test('a reinforced batch in parts is the same step as the whole one', async () => {
  const batch = praise([1, -1], 6)
  const [whole, cutUp] = await Promise.all(
    [[batch], [cut(batch, 0, 1), cut(batch, 1, 2)]].map((batches) =>
      withTrainer((trainer) => trainer.reinforce(batches, 10, 0.01)),
    ),
  )
  assertNear(cutUp!.loss, whole!.loss, 1e-5, 'loss')
  assertNear(cutUp!.gradientNorm, whole!.gradientNorm, 1e-5, 'gradient norm')
})

test('at a temperature a text is as likely as logits divided by it say', async () => {
  const temperature = 0.5
  const batch = makeBatch([5, 5], 3)
  const { vocabulary } = frozen.decoder.config
  await withTrainer(async (trainer) => {
    const { ids, probabilities } = await trainer.predict(batch, vocabulary)
    const losses = Array.from(batch.targets, (target, place) => {
      const range = [place * vocabulary, (place + 1) * vocabulary] as const
      const parts = Array.from(probabilities.subarray(...range), (p) => p ** (1 / temperature))
      const said = parts[ids.subarray(...range).indexOf(target)]!
      return -Math.log(said / parts.reduce((a, b) => a + b, 0))
    })
    const mean = losses.reduce((a, b) => a + b, 0) / losses.length
    const { loss } = await trainer.reinforce([batch], losses.length, 0.01, temperature)
    assertNear(loss, mean, 1e-4, 'loss')
    const again = await trainer.reinforce([batch], losses.length, 0.01, temperature)
    assert.ok(again.loss < loss)
  })
})
