import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import type { TrainingOutcome } from '../../src-main/contract/training.ts'
import { readCheckpoint } from '../../src-main/engine/captioning/checkpoint.ts'
import { makeExamples, writeModel } from '../engine/training/taught-model.ts'
import { makeTemporaryFolder, runLenslore, startLenslore } from './lenslore.ts'

test('a base is taught from a set of photos, an adapter of its own shape, and measured', async (t) => {
  const folder = makeTemporaryFolder(t)
  const base = join(folder, 'base')
  await writeModel(base)
  const photos = join(folder, 'photos')
  const examples = await makeExamples(photos, 30, 1)
  const images = examples.map(({ path, captions }, index) => ({
    filename: basename(path),
    split: index < 18 ? 'train' : index < 24 ? 'val' : 'test',
    sentences: captions.map(({ text }) => ({ raw: text })),
  }))
  const data = join(folder, 'dataset.json')
  await writeFile(data, JSON.stringify({ images }))
  const out = join(folder, 'new', 'adapter.safetensors')
  const set = ['--base', base, '--data', data, '--images', photos, '--out', out, '--threads', '1']
  const manner = ['--rate', '0.02', '--passes', '40', '--batch', '6', '--seed', '3', '--self-critical', '12']
  const shape = ['--from-zero', '--rank', '12', '--heads', '2', '--first-layer', '1', '--scale', '0.5']
  const train = ['train', '--json', ...set, ...manner, ...shape]

  // Stopped on the way, it goes on where it was.
  const { child, finished } = startLenslore(folder, ...train)
  while (!existsSync(join(`${out}.run`, 'plan.json'))) await new Promise((resolve) => setTimeout(resolve, 50))
  child.kill('SIGINT')
  assert.equal((await finished).status, 130, (await finished).stderr)
  assert.equal(existsSync(out), false)

  const { status, stderr, json } = await runLenslore(folder, ...train)
  assert.equal(status, 0, stderr)
  assert.match(stderr, /Learning \d+\/\d+/)
  assert.match(stderr, /Refining 12\/12 · CIDEr \d/)
  const [outcome] = json as [TrainingOutcome & { adapter: string }]
  assert.equal(outcome.adapter, out)
  assert.equal(outcome.photos.length, 6)
  assert.ok(outcome.loss!.difference.mean < 0)
  assert.equal(outcome.selfCritical!.drawn.length, 12)
  assert.ok(outcome.scores!.after.cider >= outcome.scores!.before.cider)
  const { model } = await readCheckpoint(base, out)
  assert.deepEqual(model.decoder.adapter!.config, { rank: 12, heads: 2, firstLayer: 1, scale: 0.5 })
  assert.equal(existsSync(`${out}.run`), false, 'what it needed to go on is gone')
})

test('what is missing or wrong is said before anything is done', async (t) => {
  const folder = makeTemporaryFolder(t)
  const data = join(folder, 'captions.json')
  await writeFile(data, JSON.stringify({ 'a.jpg': ['A'] }))
  await mkdir(join(folder, 'photos'))
  const refuse = async (wanted: number, message: RegExp, ...args: string[]) => {
    const { status, stderr } = await runLenslore(folder, 'train', ...args)
    assert.equal(status, wanted, stderr)
    assert.match(stderr, message)
  }
  const set = ['--base', folder, '--data', data, '--images', join(folder, 'photos')]
  const out = ['--out', join(folder, 'a')]
  await refuse(2, /--out/, ...set)
  await refuse(2, /--from-zero/, ...set, ...out, '--rank', '4')
  await refuse(3, /None of the photos/, ...set, ...out)
  await refuse(2, /folder of its photos/, ...set, ...out, '--dev', data)
  await refuse(2, /invalid\. It is a whole number from 1 on\.$/m, ...set, ...out, '--rank', 'many')
})
