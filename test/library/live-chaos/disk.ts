import { hash } from 'node:crypto'
import {
  closeSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { uniqueWord } from '../../fixtures/chaos-words.ts'

/** One file, however many names it has. */
interface DiskFile {
  content: string
  /** Written to in pieces since the last quiet point: left alone until the next one. */
  isBusy: boolean
}

/** What a person would call one photo, wherever it goes and whatever becomes of it. */
export interface Picture {
  /** Below the home; null: deleted. */
  path: string | null
  file: DiskFile
  /** The photo of the library that it was at the last quiet point, or that a person wrote on since. */
  id: number | null
  /** What happened to it since the last quiet point. */
  isNew: boolean
  isEdited: boolean
  isMoved: boolean
  /** Another program wrote beside it. */
  isDescribed: boolean
  /** What was written beside it went with it to its new place, when its directory got another name. */
  hasTakenSidecars: boolean
  /** Its file had several names. */
  isLinked: boolean
  contents: Set<string>
  places: Set<string>
  /** All contents it ever had. */
  past: string[]
}

export interface Disk {
  readonly home: string
  readonly roots: readonly string[]
  readonly pictures: readonly Picture[]
  /** Roots that are not there at present. */
  readonly away: ReadonlySet<string>
  /** Does something at random; @returns what it was. */
  operate(): string
  /** Settles when nothing is written in pieces any more. */
  finished(): Promise<void>
  /** Pictures whose files are in a root that is there. */
  present(): (Picture & { path: string })[]
  /**
   * Of which it is certain which photo they are, whenever the library looked since the last quiet point.
   * @param isCopyCertain also those of which others have the same content, though not the same file: any of them
   * may be the photo.
   */
  certain(isCopyCertain?: boolean): Set<Picture>
  /** The one picture that ever had this content; undefined where there are several, or none. */
  withContent(contentHash: string): Picture | undefined
  /** Whether another program wrote beside it, or beside one whose place it has now, since the last quiet point. */
  isDescribed(picture: Picture): boolean
  /** A quiet point: what is there now is what the library knows. */
  settle(): void
}

export const themes = ['kite', 'snow', 'boat']

export function sha256(content: string): string {
  return hash('sha256', content, 'hex')
}

/** Below the home, the root that a path is in. */
export function rootOf(path: string): string {
  return path.split('/', 1)[0]!
}

/**
 * Real files below a directory, and what is to be known of them. Every choice comes from `random`, so that the
 * same numbers make the same operations; none depends on what the library does.
 */
export function createDisk(home: string, seed: number, random: () => number): Disk {
  const roots = ['one', 'two']
  const outside = 'outside'
  for (const root of [...roots, outside]) mkdirSync(join(home, root))
  const pictures: Picture[] = []
  const away = new Set<string>()
  const writing: Promise<void>[] = []
  /** Since the last quiet point. */
  const wentAway = new Set<string>()
  let occupants = new Map<string, Set<Picture>>()
  let holders = new Map<string, Set<Picture>>()
  /** Ever. */
  const makersOf = new Map<string, Set<Picture>>()
  let made = 0

  const at = (path: string) => join(home, path)
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!
  const chance = (of: number) => random() < of
  const newContent = () => `${seed} ${made++} ${'x'.repeat(Math.floor(random() * 400))}`
  const isPresent = (path: string) => roots.includes(rootOf(path)) && !away.has(rootOf(path))

  function present(): (Picture & { path: string })[] {
    return pictures.filter(
      (picture): picture is Picture & { path: string } => picture.path !== null && isPresent(picture.path),
    )
  }

  function newDirectory(): string {
    const root = pick(roots.filter((name) => !away.has(name)))
    const depth = Math.floor(random() * 3)
    return [root, ...Array.from({ length: depth }, () => pick(['a', 'b', 'ü ü', 'd.e']))].join('/')
  }

  function newPath(): string {
    return `${newDirectory()}/${made++}${pick(['.jpg', '.PNG', ' x.heic'])}`
  }

  function noteIn<Key>(map: Map<Key, Set<Picture>>, key: Key, picture: Picture): void {
    const known = map.get(key)
    if (known) known.add(picture)
    else map.set(key, new Set([picture]))
  }

  function notePlace(picture: Picture, path: string): void {
    picture.path = path
    picture.places.add(path)
    noteIn(occupants, path, picture)
  }

  function noteContent(picture: Picture): void {
    const { content } = picture.file
    picture.contents.add(content)
    if (!picture.past.includes(content)) picture.past.push(content)
    noteIn(holders, content, picture)
    noteIn(makersOf, sha256(content), picture)
  }

  function add(path: string, file: DiskFile): Picture {
    const picture: Picture = {
      path: null,
      file,
      id: null,
      isNew: true,
      isEdited: false,
      isMoved: false,
      isDescribed: false,
      hasTakenSidecars: false,
      isLinked: false,
      contents: new Set(),
      places: new Set(),
      past: [],
    }
    pictures.push(picture)
    notePlace(picture, path)
    noteContent(picture)
    return picture
  }

  function noteMoved(picture: Picture, to: string): void {
    picture.isMoved = true
    notePlace(picture, to)
  }

  function rename(from: string, to: string): void {
    mkdirSync(dirname(at(to)), { recursive: true })
    renameSync(at(from), at(to))
  }

  /** Writes a file as this or that program does; with `file`, in pieces too. @returns how. */
  function write(path: string, content: string, file?: DiskFile): string {
    mkdirSync(dirname(at(path)), { recursive: true })
    const way = random()
    if (way < 0.35 || (way >= 0.7 && !file)) {
      writeFileSync(at(path), content)
      return 'in place'
    }
    if (way < 0.7) return writeAnew(path, content)
    const pieces = 2 + Math.floor(random() * 4)
    const pausesMs = Array.from({ length: pieces }, () => (chance(0.15) ? 1300 : random() * 400))
    file!.isBusy = true
    // The file itself, whatever becomes of its name meanwhile.
    const handle = openSync(at(path), 'w')
    writing.push(writeInPieces(handle, content, pausesMs))
    return `in ${pieces} pieces`
  }

  function writeAnew(path: string, content: string): string {
    const temporary = `${dirname(path)}/.${made++}.saving`
    writeFileSync(at(temporary), content)
    renameSync(at(temporary), at(path))
    return 'through a new file'
  }

  async function writeInPieces(handle: number, content: string, pausesMs: number[]): Promise<void> {
    const length = Math.ceil(content.length / pausesMs.length)
    try {
      for (const [index, pauseMs] of pausesMs.entries()) {
        writeSync(handle, content.slice(index * length, (index + 1) * length))
        await sleep(pauseMs)
      }
    } finally {
      closeSync(handle)
    }
  }

  function create(path = newPath()): string {
    const file: DiskFile = { content: newContent(), isBusy: false }
    const how = write(path, file.content, file)
    add(path, file)
    return `create ${path} ${how}`
  }

  /** Under a name that something else had before. */
  function createAgain(): string | undefined {
    const taken = new Set(pictures.map(({ path }) => path))
    const free = [...occupants.keys()].filter((path) => isPresent(path) && !taken.has(path))
    return free.length === 0 ? undefined : create(pick(free))
  }

  function edit(picture: Picture & { path: string }): string | undefined {
    const { path, file, past } = picture
    if (file.isBusy) return undefined
    const before = chance(0.2) ? pick(past) : undefined
    const content = before !== undefined && before !== file.content ? before : newContent()
    const edited: DiskFile = { content, isBusy: false }
    // Of what is written in place under one name, the system tells nothing of the other names of the file.
    const isLinked = pictures.some((other) => other !== picture && other.file === file && other.path !== null)
    const how = isLinked ? writeAnew(path, content) : write(path, content, edited)
    picture.file = edited
    picture.isEdited = true
    noteContent(picture)
    return `edit ${path} ${how}${content === before ? ', as it was before' : ''}`
  }

  function move(picture: Picture & { path: string }): string {
    const { path: from } = picture
    const to = newPath()
    rename(from, to)
    noteMoved(picture, to)
    // Some programs know of the file beside it.
    const takesAlong = chance(0.3)
    if (takesAlong && existsSync(at(`${from}.xmp`))) renameSync(at(`${from}.xmp`), at(`${to}.xmp`))
    if (takesAlong) picture.isDescribed = true
    return `move ${from} to ${to}${takesAlong ? ' with its sidecar' : ''}`
  }

  function moveOver(
    picture: Picture & { path: string },
    other: Picture & { path: string },
  ): string | undefined {
    if (picture.file === other.file) return undefined
    const { path: from } = picture
    const to = other.path
    rename(from, to)
    Object.assign(other, { path: null })
    noteMoved(picture, to)
    return `move ${from} over ${to}`
  }

  /** Each takes the place of the next, the last that of the first. */
  function rotate(ring: (Picture & { path: string })[]): string | undefined {
    if (new Set(ring.map(({ file }) => file)).size < ring.length) return undefined
    const paths = ring.map(({ path }) => path)
    rename(paths.at(-1)!, `${outside}/held`)
    for (let index = paths.length - 2; index >= 0; index--) rename(paths[index]!, paths[index + 1]!)
    rename(`${outside}/held`, paths[0]!)
    for (const [index, picture] of ring.entries()) noteMoved(picture, paths[(index + 1) % paths.length]!)
    return `${ring.length === 2 ? 'swap' : 'ring'} ${paths.join(', ')}`
  }

  function inside(directory: string): (Picture & { path: string })[] {
    return present().filter(({ path }) => path.startsWith(`${directory}/`))
  }

  function renameTree({ path }: Picture & { path: string }): string | undefined {
    const from = dirname(path)
    if (!from.includes('/')) return undefined
    const to = `${pick(roots.filter((root) => !away.has(root)))}/tree ${made++}`
    const moved = inside(from)
    rename(from, to)
    for (const each of moved) {
      noteMoved(each, to + each.path.slice(from.length))
      each.hasTakenSidecars = true
    }
    return `rename ${from} to ${to}`
  }

  function removeTree({ path }: Picture & { path: string }): string | undefined {
    const directory = dirname(path)
    const gone = inside(directory)
    if (!directory.includes('/') || gone.length > 4) return undefined
    rmSync(at(directory), { recursive: true })
    for (const each of gone) Object.assign(each, { path: null })
    // Also what was written beside those that are elsewhere, and may be back.
    for (const picture of pictures) {
      if ([...picture.places].some((place) => place.startsWith(`${directory}/`))) picture.isDescribed = true
    }
    return `delete the tree ${directory}`
  }

  function copy({ path, file }: Picture & { path: string }): string | undefined {
    if (file.isBusy) return undefined
    const to = newPath()
    mkdirSync(dirname(at(to)), { recursive: true })
    copyFileSync(at(path), at(to))
    const keepsTime = chance(0.3)
    if (keepsTime) utimesSync(at(to), new Date(), new Date(2020, 0, 1, 0, 0, made))
    add(to, { content: file.content, isBusy: false })
    return `copy ${path} to ${to}${keepsTime ? ' with an old time' : ''}`
  }

  function link({ path, file }: Picture & { path: string }): string | undefined {
    if (file.isBusy) return undefined
    const to = newPath()
    mkdirSync(dirname(at(to)), { recursive: true })
    linkSync(at(path), at(to))
    add(to, file)
    for (const picture of pictures) picture.isLinked ||= picture.file === file
    return `link ${path} to ${to}`
  }

  function remove(picture: Picture & { path: string }): string {
    const { path } = picture
    rmSync(at(path))
    Object.assign(picture, { path: null })
    return `delete ${path}`
  }

  /** Out of all folders, or back from there to where it was or elsewhere. */
  function takeOutOrBack(picture: Picture & { path: string }): string {
    const out = pictures.filter(({ path }) => path !== null && rootOf(path) === outside)
    if (out.length > 0 && chance(0.6)) {
      const back = pick(out)
      const before = [...back.places].find(
        (path) => isPresent(path) && !pictures.some((any) => any.path === path),
      )
      const to = before !== undefined && chance(0.5) ? before : newPath()
      const from = back.path!
      rename(from, to)
      noteMoved(back, to)
      return `bring ${from} back to ${to}`
    }
    const to = `${outside}/${made++} ${basename(picture.path)}`
    const from = picture.path
    rename(from, to)
    noteMoved(picture, to)
    return `take ${from} out`
  }

  function mountOrUnmount(): string | undefined {
    const root = pick(roots)
    if (away.has(root)) {
      rmSync(at(root), { recursive: true, force: true })
      renameSync(at(`away ${root}`), at(root))
      away.delete(root)
      return `mount ${root}`
    }
    if (away.size > 0) return undefined
    renameSync(at(root), at(`away ${root}`))
    const leavesEmpty = chance(0.5)
    if (leavesEmpty) mkdirSync(at(root))
    away.add(root)
    wentAway.add(root)
    return `unmount ${root}${leavesEmpty ? ', leaving an empty directory' : ''}`
  }

  /** Another program writes beside a picture, or takes away what is there. */
  function describe({ path }: Picture & { path: string }): string {
    const sidecar = pick([`${path}.xmp`, `${path}.xmp`, path.replace(/\.[^.]*$/, '.xmp')])
    for (const { picture } of besideOf(sidecar)) picture.isDescribed = true
    const kind = random()
    if (kind < 0.35) {
      rmSync(at(sidecar), { force: true })
      return `delete ${sidecar}`
    }
    const words = `imported ${pick(themes)} ${uniqueWord(made++)}`
    const xmp = sidecarText(words)
    if (kind < 0.45) return `damage ${sidecar} ${write(sidecar, xmp.slice(0, xmp.length / 2))}`
    return `write ${sidecar} (${words}) ${write(sidecar, xmp)}`
  }

  function besideOf(sidecar: string): { picture: Picture }[] {
    const described = sidecar.slice(0, -'.xmp'.length).toLowerCase()
    return present()
      .filter(({ path }) => {
        const lower = path.toLowerCase()
        return lower === described || lower.replace(/\.[^.]*$/, '') === described
      })
      .map((picture) => ({ picture }))
  }

  const kinds: [weight: number, work: () => string | undefined][] = [
    [18, () => create()],
    [4, () => createAgain()],
    [14, () => edit(pick(present()))],
    [14, () => move(pick(present()))],
    [3, () => moveOver(pick(present()), pick(present()))],
    [7, () => rotate([pick(present()), pick(present())])],
    [3, () => rotate([pick(present()), pick(present()), pick(present())])],
    [5, () => renameTree(pick(present()))],
    [1, () => removeTree(pick(present()))],
    [5, () => copy(pick(present()))],
    [2, () => link(pick(present()))],
    [8, () => remove(pick(present()))],
    [4, () => takeOutOrBack(pick(present()))],
    [3, () => mountOrUnmount()],
    [12, () => describe(pick(present()))],
  ]
  const weighted = kinds.flatMap(([weight, work]) => Array.from({ length: weight }, () => work))

  function operate(): string {
    if (present().length < 8) {
      const root = [...away][0]
      return root === undefined || chance(0.8) ? create() : (mountOrUnmount() ?? create())
    }
    for (;;) {
      const done = pick(weighted)()
      if (done !== undefined) return done
    }
  }

  /**
   * Uncertain is whose content and place both changed, of which nothing is as it was; who moved out of or into a
   * root that went away, or was deleted there; who shares its content with another; and of those that were deleted
   * or outside for a while, whose name was taken by one that the library may take for an edit.
   */
  function certain(isCopyCertain = false): Set<Picture> {
    const isUncertain = (picture: Picture) =>
      (picture.isMoved && picture.isEdited) ||
      ((picture.isMoved || picture.path === null) &&
        [...picture.places].some((path) => wentAway.has(rootOf(path)))) ||
      (isCopyCertain
        ? picture.isLinked
        : [...picture.contents].some((content) => holders.get(content)!.size > 1))
    const uncertain = new Set(pictures.filter(isUncertain))
    const isReplaced = (picture: Picture) =>
      (picture.path === null || [...picture.places].some((path) => rootOf(path) === outside)) &&
      [...picture.places]
        .flatMap((path) => [...occupants.get(path)!])
        .some((other) => other !== picture && (other.isNew || other.isEdited || uncertain.has(other)))
    return new Set(pictures.filter((picture) => !uncertain.has(picture) && !isReplaced(picture)))
  }

  return {
    home,
    roots,
    pictures,
    away,
    operate,
    present,
    certain,
    withContent(contentHash) {
      const makers = makersOf.get(contentHash)
      return makers?.size === 1 ? [...makers][0] : undefined
    },
    isDescribed: (picture) =>
      picture.isDescribed ||
      (picture.path !== null &&
        [...occupants.get(picture.path)!].some((other) => other.isDescribed || other.hasTakenSidecars)),
    async finished() {
      await Promise.all(writing.splice(0))
    },
    settle() {
      const isSure = certain()
      wentAway.clear()
      for (const root of away) wentAway.add(root)
      occupants = new Map()
      holders = new Map()
      // What was deleted in a root that went away the library learns when it is back; and of several names of one
      // file it takes one that went lately for any of them that comes back.
      const isForgotten = ({ path, places, isLinked }: Picture) =>
        path === null && !isLinked && ![...places].some((place) => away.has(rootOf(place)))
      for (const gone of pictures.filter(isForgotten)) pictures.splice(pictures.indexOf(gone), 1)
      for (const picture of pictures) {
        picture.file.isBusy = false
        if (picture.path !== null && isPresent(picture.path)) {
          Object.assign(picture, { isNew: false, isEdited: false, isMoved: false })
          Object.assign(picture, { isDescribed: false, hasTakenSidecars: false })
          picture.isLinked = pictures.some((other) => other !== picture && other.file === picture.file)
          picture.contents.clear()
          picture.places.clear()
        } else if (!isSure.has(picture)) picture.id = null
        // What happened in a root that went away, or outside, is still to be seen when it is back.
        for (const place of picture.places) noteIn(occupants, place, picture)
        for (const content of picture.contents) noteIn(holders, content, picture)
        if (picture.path === null) continue
        notePlace(picture, picture.path)
        noteContent(picture)
      }
    },
  }
}

function sidecarText(words: string): string {
  return `<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">
   <dc:description><rdf:Alt><rdf:li xml:lang="x-default">${words}</rdf:li></rdf:Alt></dc:description>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
`
}
