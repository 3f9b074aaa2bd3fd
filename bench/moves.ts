import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createReconciler } from '../src-main/library/folders/reconcile.ts'
import { databaseFileIn, openStore } from '../src-main/library/store/store.ts'

// Files that move while the library is closed: how many keep their photo, and how long that takes against the
// first scan of the same files.

const { values } = parseArgs({ options: { files: { type: 'string', default: '10000' } } })
const files = Number(values.files)
const directory = mkdtempSync(join(tmpdir(), 'lenslore-bench-moves-'))
const pictures = join(directory, 'pictures')
const databaseFile = databaseFileIn(join(directory, 'library'))
const before = (i: number) => `by month/${i % 120}/IMG_${i}.JPG`
const after = (i: number) => `by place/${(i * 7) % 311}/${i} holiday.JPG`

try {
  for (let i = 0; i < files; i++) {
    mkdirSync(join(pictures, `by month/${i % 120}`), { recursive: true })
    writeFileSync(join(pictures, before(i)), String(i))
  }
  const first = await scanOnce((store) => store.folders.insert(pictures, Date.now()))
  const ids = readIds()
  for (let i = 0; i < files; i++) {
    mkdirSync(join(pictures, `by place/${(i * 7) % 311}`), { recursive: true })
    renameSync(join(pictures, before(i)), join(pictures, after(i)))
  }
  const second = await scanOnce(() => {})
  const found = readIds()
  let kept = 0
  for (let i = 0; i < files; i++) if (ids.get(before(i)) === found.get(after(i))) kept++
  console.log(`first scan of ${files} files: ${(first / 1000).toFixed(2)} s`)
  console.log(`scan after all of them moved: ${(second / 1000).toFixed(2)} s`)
  console.log(`ratio moved / first: ${(second / first).toFixed(2)}`)
  console.log(`recognised: ${kept} of ${files} (${((100 * kept) / files).toFixed(2)} %)`)
} finally {
  rmSync(directory, { recursive: true })
}

async function scanOnce(prepare: (store: ReturnType<typeof openStore>) => void): Promise<number> {
  const store = openStore(databaseFile)
  prepare(store)
  const reconciler = createReconciler(store.database)
  const { elapsedMs } = await reconciler.scan()
  await reconciler.close()
  store.close()
  return elapsedMs
}

function readIds(): Map<string, number> {
  const store = openStore(databaseFile)
  const rows = store.database
    .prepare<{ id: number; path: string }>(
      `SELECT id, directory || '/' || name AS path FROM photos WHERE missing_since_ms IS NULL`,
    )
    .all()
  store.close()
  return new Map(rows.map(({ id, path }) => [path, id]))
}
