import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { drawPictures, writeOtherAdapter } from '../library/teaching/taught-library.ts'
import { makeTemporaryFolder, runLenslore, startLenslore } from './lenslore.ts'

const colours = ['navy', 'olive', 'crimson', 'orange', 'teal', 'purple']

async function setUp(home: string): Promise<(...args: string[]) => ReturnType<typeof runLenslore>> {
  const [photos, data] = [join(home, 'photos'), join(home, 'data')]
  await drawPictures(photos, colours)
  await runLenslore(data, 'run', photos)
  return (...args) => runLenslore(data, ...args)
}

test('labels are confirmed and learned; what comes of it is shown, accepted, written out, rolled back and thrown away', async (t) => {
  const home = makeTemporaryFolder(t)
  const lenslore = await setUp(home)
  assert.equal((await lenslore('train')).status, 2)
  assert.match((await lenslore('train', 'show')).stderr, /Nothing was trained/)
  assert.match((await lenslore('labels', '--next', '3')).stdout, /^\d+\t\w+\.jpg\t\w.*\n\d+\t/)
  for (const photo of ['1', '2', '3', '4']) await lenslore('caption-set', photo, `a flag of club ${photo}`)
  assert.match((await lenslore('confirm', '5', '4')).stdout, /^Photo 5: .+\nPhoto 4: a flag of club 4\n$/)
  const labels = await lenslore('labels')
  assert.match(labels.stdout, /^5\t.+\n4\ta flag of club 4\n[\s\S]*Labels: 5\.\n$/)

  const trained = await lenslore('train', '--passes', '2')
  assert.equal(trained.status, 0, trained.stderr)
  assert.match(trained.stdout, /before\t.+\n\tafter\t.+\n\tyours\ta flag of club \d/)
  assert.match(trained.stdout, /Learned from 5 photos of yours, beside 1 other, in \d+ steps/)
  assert.match(trained.stdout, /Better on \d, worse on \d, same on \d of the photos held out/)
  assert.match(trained.stdout, /too few labels to tell/)
  assert.match((await lenslore('train', 'show')).stdout, /Take it with/)
  const accepted = await lenslore('train', 'accept', '--name', 'Flags', '--anyway')
  assert.match(accepted.stdout, /captions from now on/)

  const { json } = await lenslore('adapters', '--json')
  const [{ active, adapters }] = json as [{ active: string; adapters: { id: string; name: string }[] }]
  assert.deepEqual([adapters.length, adapters[0]!.name, active], [1, 'Flags', adapters[0]!.id])
  assert.match((await lenslore('adapters')).stdout, /^\* [0-9a-f]{12} .* Flags\n {2}The model's own\n$/)
  assert.match((await lenslore('adapters', 'note', 'Flags', 'from the club')).stdout, /note +from the club/)
  assert.match((await lenslore('adapters', 'show', active.slice(0, 6))).stdout, /parent +the model's own/)
  assert.match((await lenslore('adapters', 'compare', 'Flags', active)).stdout, /^name\tFlags\tFlags$/m)
  assert.equal((await lenslore('adapters', 'show', 'Banners')).status, 2)

  const file = join(home, 'flags.safetensors')
  assert.match((await lenslore('adapters', 'export', 'Flags', file)).stdout, /no names in it/)
  assert.match((await lenslore('adapters', 'rollback')).stdout, /^\* The model's own$/m)
  assert.doesNotMatch((await lenslore('adapters', 'discard', 'Flags')).stdout, /Flags/)
  assert.match((await lenslore('adapters', 'import', file)).stdout, /name +Flags\nnote +from the club/)
  const unlearned = await lenslore('evaluate', 'Flags')
  assert.deepEqual([unlearned.status, /label some that it has not learned/.test(unlearned.stderr)], [2, true])
  await lenslore('confirm', '6')
  assert.match((await lenslore('evaluate', 'Flags')).stdout, /Photo 6\tCIDEr/)
  assert.match((await lenslore('adapters', 'activate', 'Flags')).stdout, /^\* [0-9a-f]{12}/m)
  assert.match((await lenslore('adapters', 'names')).stdout, /No adapter has learned a name/)
  assert.equal((await lenslore('adapters', 'changes')).status, 0)

  const other = join(home, 'other.safetensors')
  await writeOtherAdapter(other, { name: 'Other', metrics: { photosOfAllKindsTogether: 2 } })
  const { stdout } = await lenslore('adapters', 'import', other)
  assert.match(stdout, /^name {21}Other$[\s\S]*^photosOfAllKindsTogether 2$/m)
})

test('what is offered for a name is answered, and asked again', async (t) => {
  const lenslore = await setUp(makeTemporaryFolder(t))
  assert.match((await lenslore('offers')).stdout, /^No name is on three photos/)
  assert.match((await lenslore('offers', 'Biscuit')).stdout, /on 0 photos of yours; from three on/)
  const own = ['Biscuit on the porch', 'the bed of Biscuit', 'Biscuit and a ball']
  for (const [at, text] of own.entries()) await lenslore('caption-set', `${at + 1}`, text)
  const [names] = (await lenslore('offers', '--json')).json as [
    { text: string; photos: number; offered: number }[],
  ]
  assert.deepEqual(
    names.map(({ text, photos }) => [text, photos]),
    [['Biscuit', 3]],
  )
  const named = await lenslore('offers', 'Biscuit', '--yes', '4', '--no', '5', '6')
  assert.match(named.stdout, /^Named: 1\.\nRefused: 2\.\n(.+\n)*No other photo plausibly shows Biscuit\.\n$/)
  assert.match((await lenslore('search', 'keyword:Biscuit')).stdout, /orange\.jpg/)
  assert.match((await lenslore('offers', 'Biscuit', '--ask-again', '5')).stdout, /^Asked again: 1\.\n/)
  await lenslore('caption-undo')
  assert.doesNotMatch((await lenslore('search', 'keyword:Biscuit')).stdout, /orange\.jpg/)
  assert.equal((await lenslore('offers', 'Biscuit', '--yes', '99')).status, 3)
  assert.equal((await lenslore('offers', '--yes', '1')).status, 2)
  await lenslore('offers', 'Otto', '--kind', 'person', '--yes', '1')
  assert.match((await lenslore('search', 'people:Otto')).stdout, /crimson\.jpg/)
})

test('a training that is interrupted leaves nothing, and one that is killed goes on with the next', async (t) => {
  const home = makeTemporaryFolder(t)
  const lenslore = await setUp(home)
  for (const photo of ['1', '2', '3', '4']) await lenslore('caption-set', photo, `a flag of club ${photo}`)
  const data = join(home, 'data')

  const interrupted = startLenslore(data, 'train', '--passes', '1000')
  await untilItTeaches(interrupted.child.stderr!)
  interrupted.child.kill('SIGINT')
  const { status, stderr } = await interrupted.finished
  assert.equal(status, 130)
  assert.match(stderr, /was cancelled; nothing of it is kept/)
  assert.match((await lenslore('train', 'show')).stdout, /was cancelled/)

  const killed = startLenslore(data, 'train', '--passes', '6')
  await untilItTeaches(killed.child.stderr!)
  killed.child.kill('SIGKILL')
  await killed.finished
  assert.match((await lenslore('train', 'show')).stdout, /or was cut off/)
  const went = await lenslore('train')
  assert.equal(went.status, 0, went.stderr)
  assert.match(went.stdout, /Take it with/)
  assert.match((await lenslore('train', 'discard')).stdout, /was thrown away/)
  assert.equal((await lenslore('train', 'cancel')).stdout, 'No training is under way.\n')
})

/** Elsewhere than on a terminal a line says what is begun. */
function untilItTeaches(stderr: NodeJS.ReadableStream): Promise<void> {
  return new Promise((resolve) => {
    let text = ''
    stderr.on('data', (more: string) => {
      text += more
      if (text.includes('Teaching')) resolve()
    })
  })
}
