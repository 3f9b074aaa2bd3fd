import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { LensloreError } from '../../src-main/contract/errors.ts'
import { agrees, measureAgreement } from '../../src-main/engine/oracle.ts'
import { keepDevice } from './software-gpu.ts'

keepDevice()

const program = fileURLToPath(new URL('../../src-main/engine/oracle.ts', import.meta.url))
const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/oracle/${name}`, import.meta.url))

for (const name of ['a', 'b', 'e']) {
  test(`the graphs agree with the reference on checkpoint ${name}`, async () => {
    const agreement = await measureAgreement(fixture(name))
    assert.ok(agrees(agreement), JSON.stringify(agreement))
  })

  test(`they agree on WebGPU too, on checkpoint ${name}`, async (context) => {
    const agreement = await measureAgreement(fixture(name), 'webgpu').catch((thrown: unknown) => {
      if (thrown instanceof LensloreError && thrown.code === 'PROVIDER_UNAVAILABLE') return null
      throw thrown
    })
    if (!agreement) return context.skip('WebGPU does not open on this machine')
    return assert.ok(agrees(agreement), JSON.stringify(agreement))
  })
}

test('parts that a directory lacks are named as not compared', async () => {
  const whole = await measureAgreement(fixture('e'))
  assert.deepEqual(whole.notCompared, ['training'])
  assert.ok(whole.differences.textEmbeddings! < 1e-5 && whole.differences.pictureEmbeddings! < 1e-5)
  const plain = await measureAgreement(fixture('a'))
  assert.deepEqual(plain.notCompared, ['textEmbeddings', 'pictureEmbeddings'])

  const directory = await mkdtemp(join(tmpdir(), 'lenslore-oracle-'))
  await cp(fixture('e'), directory, { recursive: true })
  await rm(join(directory, 'embeddings.safetensors'))
  const path = join(directory, 'expected.json')
  const { greedy: _greedy, ...expected } = JSON.parse(await readFile(path, 'utf8'))
  await writeFile(path, JSON.stringify(expected))
  const agreement = await measureAgreement(directory)
  assert.ok(agrees(agreement))
  assert.deepEqual(agreement.notCompared, ['greedy', 'textEmbeddings', 'pictureEmbeddings', 'training'])
  assert.equal(agreement.greedyEqual, undefined)
  await rm(directory, { recursive: true })
})

for (const name of ['a', 'b']) {
  test(`training is compared in every part on checkpoint ${name}`, async () => {
    const { training } = await measureAgreement(fixture(name))
    const { gradients, steps, adapter, undetermined } = training!
    const names = Object.keys(gradients!)
    assert.deepEqual(names, Object.keys(adapter!))
    assert.equal(steps!.length, 10)
    assert.deepEqual(
      undetermined,
      names.filter((each) => each.endsWith('.k_proj.bias')),
    )
    const settled = names.filter((each) => !undetermined.includes(each))
    assert.ok(
      settled.every((each) => gradients![each]!.relative < 1e-4),
      JSON.stringify(gradients),
    )
  })
}

test('a wrong gradient, a wrong step and a wrong adapter do not agree', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'lenslore-oracle-'))
  const restore = () => cp(fixture('a'), directory, { recursive: true })
  for (const file of ['gradients.safetensors', 'trained.safetensors']) {
    await restore()
    const bytes = await readFile(join(directory, file))
    bytes.writeFloatLE(bytes.readFloatLE(bytes.length - 4) + 0.001, bytes.length - 4)
    await writeFile(join(directory, file), bytes)
    assert.equal(agrees(await measureAgreement(directory)), false, file)
  }
  await restore()
  const path = join(directory, 'expected.json')
  const expected = JSON.parse(await readFile(path, 'utf8'))
  expected.adamw.loss_and_grad_norm[9][0] += 0.001
  await writeFile(path, JSON.stringify(expected))
  assert.equal(agrees(await measureAgreement(directory)), false)

  await rm(join(directory, 'gradients.safetensors'))
  await rm(join(directory, 'trained.safetensors'))
  delete expected.adamw
  await writeFile(path, JSON.stringify(expected))
  const rest = await measureAgreement(directory)
  assert.ok(agrees(rest))
  assert.deepEqual(rest.notCompared.slice(-3), ['gradients', 'steps', 'adapter'])
  await rm(directory, { recursive: true })
})

test('the program prints one line and exits by it', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'lenslore-oracle-'))
  await cp(fixture('a'), directory, { recursive: true })
  const run = () => spawnSync(process.execPath, [program, directory], { encoding: 'utf8' })
  const good = run()
  assert.equal(good.status, 0, good.stderr)
  assert.equal(JSON.parse(good.stdout).beamEqual, true)

  const path = join(directory, 'expected.json')
  const expected = JSON.parse(await readFile(path, 'utf8'))
  expected.beam[0][0][0] += 1
  await writeFile(path, JSON.stringify(expected))
  const bad = run()
  assert.equal(bad.status, 1)
  assert.equal(JSON.parse(bad.stdout).beamEqual, false)
  assert.equal(JSON.parse(bad.stdout).greedyEqual, true)

  await rm(join(directory, 'gpt2.safetensors'))
  const broken = run()
  assert.equal(broken.status, 4)
  assert.match(broken.stderr, /^The model lacks its weights: .*gpt2\.safetensors is missing\.\n$/)
  await rm(directory, { recursive: true })
})
