import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import type { LibraryStatus } from '../../../src-main/contract/records.ts'
import { type ExportRequest, planExport } from '../../../src-main/library/metadata/export-plan.ts'
import {
  type FoundCaption,
  joinMetadata,
  type PhotoMetadata,
} from '../../../src-main/library/metadata/photo-metadata.ts'
import { findSidecars } from '../../../src-main/library/metadata/sidecar-names.ts'
import { metadataFromXmp } from '../../../src-main/library/metadata/xmp.ts'
import { databaseFileIn } from '../../../src-main/library/store/store.ts'
import { captionOf } from '../../fixtures/chaos-words.ts'
import { type Disk, type Picture, rootOf, sha256 } from './disk.ts'
import type { LibraryProcess } from './library-process.ts'
import type { Person } from './person.ts'

export interface CaptionRow {
  id: number
  photoId: number
  text: string
  source: 'person' | 'imported' | 'model'
  modelId: string | null
  contentHash: Buffer | null
  isWithdrawn: 0 | 1
}

export interface PhotoRow {
  id: number
  /** Below the home. */
  path: string
  state: 'online' | 'offline'
  sizeBytes: number
  modifiedMs: number
  inode: number
  contentHash: string | null
  isMissing: boolean
  errorCode: string | null
  captionId: number | null
  captionSource: string | null
  captions: CaptionRow[]
}

/** The whole library at one moment. */
export interface Snapshot {
  photos: PhotoRow[]
  /** Photos that are not missing. */
  byPath: Map<string, PhotoRow[]>
  captions: CaptionRow[]
}

/** How often something was compared that only holds for photos whose fate is certain. */
export interface Tally {
  ids: number
  words: number
  copies: number
  imported: number
  exports: number
  searches: number
}

type PlacedRow = Omit<PhotoRow, 'path' | 'isMissing' | 'captions'> & {
  folder: string
  directory: string
  name: string
  isMissing: 0 | 1
}

export function readSnapshot(libraryDirectory: string, home: string): Snapshot {
  const database = new BetterSqlite3(databaseFileIn(libraryDirectory), { readonly: true, timeout: 10_000 })
  try {
    return database.transaction(() => {
      const captions = database
        .prepare<[], CaptionRow>(
          `SELECT id, photo_id AS photoId, text, source, model_id AS modelId, content_hash AS contentHash,
             withdrawn_ms IS NOT NULL AS isWithdrawn FROM captions ORDER BY id DESC`,
        )
        .all()
      const captionsOf = Map.groupBy(captions, ({ photoId }) => photoId)
      const rows = database
        .prepare<[], PlacedRow>(
          `SELECT photos.id, path AS folder, state, directory, name, size_bytes AS sizeBytes,
             modified_ms AS modifiedMs, inode, lower(hex(content_hash)) AS contentHash,
             missing_since_ms IS NOT NULL AS isMissing, error_code AS errorCode, caption_id AS captionId,
             caption_source AS captionSource
           FROM photos JOIN folders ON folders.id = folder_id`,
        )
        .all()
      const photos = rows.map(({ folder, directory, name, isMissing, ...row }) => ({
        ...row,
        path: join(folder, directory, name).slice(home.length + 1),
        isMissing: isMissing === 1,
        captions: captionsOf.get(row.id) ?? [],
      }))
      const there = photos.filter((photo) => !photo.isMissing)
      return { photos, captions, byPath: Map.groupBy(there, ({ path }) => path) }
    })()
  } finally {
    database.close()
  }
}

export interface Comparison {
  disk: Disk
  person: Person
  snapshot: Snapshot
  tally: Tally
}

/** Every way in which the library is not what the disk and the person say, as sentences. */
export function differencesOf({ disk, person, snapshot, tally }: Comparison): string[] {
  const differences: string[] = []
  const differ = (isSo: boolean, sentence: () => string) => {
    if (!isSo) differences.push(sentence())
  }
  const certain = disk.certain()
  const present = disk.present()
  const expected = new Set(present.map(({ path }) => path))

  for (const { path, id } of snapshot.photos) {
    if (snapshot.byPath.get(path)?.[0]?.id !== id || disk.away.has(rootOf(path))) continue
    differ(expected.has(path), () => `${path}: photo ${id} claims a file that is not there`)
  }
  for (const picture of present) {
    const { path, file } = picture
    const rows = snapshot.byPath.get(path) ?? []
    differ(rows.length === 1, () => `${path}: ${rows.length} photos instead of one`)
    const row = rows[0]
    if (!row) continue
    const bytes = readFileSync(join(disk.home, path), 'utf8')
    differ(bytes === file.content, () => `${path}: the file itself is not what was written`)
    const stats = statSync(join(disk.home, path))
    differ(row.contentHash === sha256(file.content), () => `${path}: photo ${row.id} has another content`)
    differ(
      row.sizeBytes === stats.size && row.modifiedMs === stats.mtimeMs && row.inode === stats.ino,
      () => `${path}: photo ${row.id} has another size, time or inode`,
    )
    differ(row.errorCode === null, () => `${path}: photo ${row.id} has the error ${row.errorCode}`)
    differences.push(...captionDifferences(row, path))
    differences.push(...importedDifferences(disk, row, path, tally))
  }
  for (const picture of certain)
    differences.push(...identityDifferences(picture, { disk, person, snapshot, tally }))
  differences.push(...lostWords({ disk, person, snapshot, tally }, certain))
  differences.push(...wordsLostToCopies({ disk, person, snapshot, tally }, certain))
  return differences
}

/** What the model is to have said, and what is current of all that was said. */
function captionDifferences(row: PhotoRow, path: string): string[] {
  const standing = row.captions.filter(({ isWithdrawn }) => !isWithdrawn)
  const bySource = (source: string) => standing.find((caption) => caption.source === source)
  const person = bySource('person')
  const ofContent = standing.find(
    ({ source, contentHash }) => source === 'model' && contentHash?.toString('hex') === row.contentHash,
  )
  const wanted = person ?? bySource('imported') ?? ofContent
  if (!person && row.contentHash !== null && ofContent?.text !== captionOf(row.contentHash)) {
    return [`${path}: photo ${row.id} has no caption of the model for its content`]
  }
  // Imported captions come in the order of the files, the first as the newest, so the newest is current.
  if (row.captionId === wanted?.id && row.captionSource === wanted?.source) return []
  return [
    `${path}: photo ${row.id} shows caption ${row.captionId} instead of ${wanted?.id} (${wanted?.text})`,
  ]
}

interface Beside {
  captions: FoundCaption[]
  isDamaged: boolean
}

function readBeside(home: string, path: string): Beside {
  const directory = join(home, dirname(path))
  const found: PhotoMetadata[] = []
  let isDamaged = false
  for (const { name } of findSidecars(readdirSync(directory), basename(path))) {
    try {
      found.push(metadataFromXmp(readFileSync(join(directory, name), 'utf8')))
    } catch {
      isDamaged = true
    }
  }
  return { captions: joinMetadata(found).captions, isDamaged }
}

function importedDifferences({ home }: Disk, row: PhotoRow, path: string, tally: Tally): string[] {
  const { captions, isDamaged } = readBeside(home, path)
  // What we wrote about another picture is imported or not, as that one was known or not when it was read.
  const said = ({ text, provenance }: FoundCaption) =>
    provenance &&
    (provenance.contentHash !== row.contentHash ||
      row.captions.some((own) => own.text === text && own.source === provenance.source))
  const ours = new Set(captions.filter(said).map(({ text }) => text))
  const wanted = captions.map(({ text }) => text).filter((text) => !ours.has(text))
  // Ours may have been read before it was ours: a copy's caption beside another copy.
  const has = row.captions
    .filter(({ source, isWithdrawn, text }) => source === 'imported' && !isWithdrawn && !ours.has(text))
    .map(({ text }) => text)
  // What stood there before we wrote ours over it, or before it was damaged, stays until the file is read again.
  const kept = ours.size > 0 || isDamaged ? has : []
  const left = has.filter((text) => wanted.includes(text) || !kept.includes(text))
  if (wanted.length > 0 && !isDamaged) tally.imported++
  return JSON.stringify(left) === JSON.stringify(wanted)
    ? []
    : [`${path}: photo ${row.id} imported ${JSON.stringify(has)}; beside it stands ${JSON.stringify(wanted)}`]
}

/** Of a picture that nothing uncertain happened to: it is the photo it was, with the words it had. */
function identityDifferences(picture: Picture, { disk, person, snapshot, tally }: Comparison): string[] {
  const { id, path } = picture
  if (id === null) return []
  const isAway = path !== null && disk.away.has(rootOf(path))
  const isThere = path !== null && disk.roots.includes(rootOf(path))
  const row = snapshot.photos.find((photo) => photo.id === id)
  if (!row) return [`${path}: photo ${id} is no more`]
  const differences: string[] = []
  tally.ids++
  if (isThere && (row.path !== path || row.isMissing)) {
    const now = snapshot.byPath.get(path)?.[0]?.id
    differences.push(
      `${path}: was photo ${id}, which is ${row.isMissing ? 'missing' : row.path}; now it is ${now}`,
    )
  }
  if (isAway && row.state !== 'offline') differences.push(`${path}: photo ${id} is not offline`)
  if (!isThere && !row.isMissing) differences.push(`photo ${id} is at ${row.path}, though its file is gone`)
  const current = row.captions.find((caption) => caption.id === row.captionId)
  const words = current?.source === 'person' ? current.text : null
  const wanted = person.standing.get(id)
  if (wanted !== undefined && !person.isUnsure(id)) {
    tally.words++
    const isRight = words === wanted || (words !== null && person.floating.has(words))
    if (!isRight) differences.push(`${path}: photo ${id} says "${words}" instead of "${wanted}"`)
  }
  return differences
}

/** What a person wrote is somewhere; on its own photo, where it is certain which that is. */
function lostWords({ disk, person, snapshot }: Comparison, certain: ReadonlySet<Picture>): string[] {
  const differences: string[] = []
  const written = snapshot.captions.filter(({ source }) => source === 'person')
  const photosWith = Map.groupBy(written, ({ text }) => text)
  const certainIds = new Set([...certain].map(({ id }) => id))
  const doubtful = new Set(disk.pictures.filter((each) => !certain.has(each)).map(({ id }) => id))
  for (const [words, homes] of person.homes) {
    const ids = new Set(photosWith.get(words)?.map(({ photoId }) => photoId))
    if (ids.size === 0) differences.push(`"${words}" are lost`)
    for (const home of homes) {
      if (!certainIds.has(home) || doubtful.has(home) || ids.has(home)) continue
      differences.push(`"${words}" of photo ${home} are with ${[...ids].join(', ')}`)
    }
  }
  return differences
}

/** Of several pictures with one content, any may be the photo with the words; one of them is. */
function wordsLostToCopies(
  { disk, person, snapshot, tally }: Comparison,
  certain: ReadonlySet<Picture>,
): string[] {
  const differences: string[] = []
  const wordsOf = new Map<number, string[]>()
  for (const [words, homes] of person.homes) {
    for (const home of homes) wordsOf.set(home, [...(wordsOf.get(home) ?? []), words])
  }
  const copies = [...disk.certain(true)].filter((picture) => !certain.has(picture))
  for (const { id, path, file } of copies) {
    if (id === null || path === null || !disk.roots.includes(rootOf(path)) || disk.away.has(rootOf(path)))
      continue
    const contentHash = sha256(file.content)
    const twins = snapshot.photos.filter((row) => !row.isMissing && row.contentHash === contentHash)
    for (const words of wordsOf.get(id) ?? []) {
      tally.copies++
      if (twins.some(({ captions }) => captions.some(({ text }) => text === words))) continue
      differences.push(`"${words}" of photo ${id} (${path}) are with none of ${twins.map((row) => row.id)}`)
    }
  }
  return differences
}

/**
 * Sidecars of an exporting root that do not say the current caption.
 * @param isExpected of pictures that another program wrote beside, the library writes nothing until they change.
 */
export async function exportDifferences(
  { disk, snapshot, tally }: Comparison,
  root: string,
  isExpected: (picture: Picture, row: PhotoRow) => boolean,
): Promise<string[]> {
  if (disk.away.has(root)) return []
  const requests: ExportRequest[] = []
  for (const picture of disk.present()) {
    const row = snapshot.byPath.get(picture.path)?.[0]
    const caption = row?.captions.find(({ id }) => id === row.captionId)
    if (rootOf(picture.path) !== root || !row || !caption || !isExpected(picture, row)) continue
    const { captions, isDamaged } = readBeside(disk.home, picture.path)
    // Our words about another photo are left there, and may be when that one is no more.
    if (isDamaged || captions.some((words) => isAboutOther(words, row))) continue
    const { text, source, modelId } = caption
    const provenance = { source, modelId, adapterId: null, contentHash: null, writtenAt: null }
    requests.push({
      photoPath: join(disk.home, picture.path),
      caption: { text, language: null, ...provenance },
      isCut: false,
      isKnown: () => true,
    })
  }
  const differences: string[] = []
  for await (const { photoPath, action, before, after } of planExport(requests)) {
    tally.exports++
    if (action === 'unchanged') continue
    const path = photoPath.slice(disk.home.length + 1)
    differences.push(`${path}: its sidecar says "${before}" instead of "${after}" (${action})`)
  }
  return differences
}

function isAboutOther({ provenance }: FoundCaption, row: PhotoRow): boolean {
  const about = provenance?.contentHash
  const own = [row.contentHash, ...row.captions.map(({ contentHash }) => contentHash?.toString('hex'))]
  return about != null && !own.includes(about)
}

/** Photos that a search for a word of their own does not find, and those that it finds without the word. */
export async function searchDifferences(
  { disk, snapshot, tally }: Comparison,
  { client }: LibraryProcess,
): Promise<string[]> {
  const differences: string[] = []
  const byWord = new Map<string, number[]>()
  const rows = new Map(snapshot.photos.map((row) => [row.id, row]))
  for (const { path } of disk.present()) {
    const row = snapshot.byPath.get(path)?.[0]
    const text = row?.captions.find(({ id }) => id === row.captionId)?.text
    const word = text?.split(' ').at(-1)
    if (row && word) byWord.set(word, [...(byWord.get(word) ?? []), row.id])
  }
  for (const [word, ids] of byWord) {
    tally.searches++
    const { photos, corrected } = await client.search({ query: `"${word}"`, limit: 1000 })
    const found = new Set(photos.map(({ id }) => id))
    for (const id of ids) if (!found.has(id)) differences.push(`${word} does not find photo ${id}`)
    for (const { id } of photos) {
      if (corrected === null && !isSaidOf(rows.get(id), word)) differences.push(`${word} finds photo ${id}`)
    }
  }
  return differences
}

/** Whether a word is in the current caption, or in the model's of the present content. */
function isSaidOf(row: PhotoRow | undefined, word: string): boolean {
  return row!.captions.some(
    ({ id, text, contentHash }) =>
      text.includes(word) && (id === row!.captionId || contentHash?.toString('hex') === row!.contentHash),
  )
}

/** What the library counts from sums that it keeps, against the rows themselves. */
export function countDifferences({ snapshot }: Comparison, status: LibraryStatus): string[] {
  const there = snapshot.photos.filter(({ isMissing }) => !isMissing)
  const counted = {
    photos: there.length,
    captioned: there.filter(({ captionSource }) => captionSource !== null).length,
    failed: there.filter(({ errorCode }) => errorCode !== null).length,
    missing: snapshot.photos.length - there.length,
    waiting: 0,
  }
  return Object.entries(counted)
    .filter(([name, count]) => status[name as keyof typeof counted] !== count)
    .map(([name, count]) => `status: ${name} is ${status[name as keyof typeof counted]} instead of ${count}`)
}
