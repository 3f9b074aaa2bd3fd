import { isPictureName } from '../../contract/picture-names.ts'

/** Which files beside a photo describe it, told by their names alone; what the scan compares and the reader reads. */

export interface FoundSidecar {
  kind: 'sidecar' | 'takeout'
  /** File name, in the folder of the photo. */
  name: string
  /** It describes a file that is a part of the photo beside its own. */
  isOfCompanion?: true
}

/**
 * The sidecars of one photo of a folder, the most trusted first.
 * @param companions names of the files beside it that are a part of it.
 */
export type SidecarFinder = (photoName: string, companions?: readonly string[]) => FoundSidecar[]

/** Whether a file of this name may describe a photo. */
export function isSidecarName(name: string): boolean {
  return /\.(xmp|json)$/i.test(name) && !name.startsWith('.')
}

/**
 * Finds the files of a folder that describe its photos: `IMG.JPG.xmp` (this very file), then `IMG.xmp` (Adobe's
 * way, which a raw file and its JPEG share), then those of its companions (`IMG.CR2.xmp`), then Google Takeout's JSON. A name in another case, or with accents composed in
 * another way, does for a photo that has none in its own, unless that is the very name of another photo there: `IMG.JPG` and `img.jpg` are two.
 * darktable's numbered duplicates (`IMG_01.JPG.xmp`) describe other versions, not the photo.
 *
 * All names are looked at once, so that a folder of a hundred thousand photos with as many sidecars is no more
 * work a photo than a small one.
 * @param directoryEntries of the pictures, too.
 */
export function createSidecarFinder(directoryEntries: Iterable<string>): SidecarFinder {
  const xmp = new Map<string, string[]>()
  const takeout = new Map<string, string[]>()
  const pictures = new Set<string>()
  const stems = new Set<string>()
  let owners: Map<string, Set<string>> | undefined
  for (const name of directoryEntries) {
    const folded = foldName(name)
    if (folded.endsWith('.xmp')) append(xmp, describedBy(folded), name)
    else if (folded.endsWith('.json')) for (const key of jsonKeysOf(name)) append(takeout, key, name)
    else if (isPictureName(name)) {
      pictures.add(name)
      stems.add(stemOf(name))
    }
  }
  const named = (names: readonly string[], kind: FoundSidecar['kind']) =>
    names.toSorted().map((name) => ({ kind, name }))
  const ofPicture = (described: string) => pictures.has(described)

  /** @param isOfOther whether what is no picture's of just this name is another's. */
  function sidecarsOf(wanted: string, isOfOther: (described: string) => boolean): FoundSidecar[] {
    const inAnyForm = xmp.get(foldName(wanted)) ?? []
    const exact = inAnyForm.filter((name) => describedBy(name) === wanted)
    return named(
      exact.length > 0 ? exact : inAnyForm.filter((name) => !isOfOther(describedBy(name))),
      'sidecar',
    )
  }

  return (photoName, companions = []) => {
    const stem = stemOf(photoName)
    const found = sidecarsOf(photoName, ofPicture)
    if (stem !== photoName && !ofPicture(stem)) {
      found.push(...sidecarsOf(stem, (described) => stems.has(described) || ofPicture(described)))
    }
    for (const companion of companions) {
      found.push(
        ...sidecarsOf(companion, ofPicture).map((each) => ({ ...each, isOfCompanion: true as const })),
      )
    }
    if (takeout.size > 0) {
      const json = [photoName, ...companions].map(jsonOf).find((names) => names.length > 0) ?? []
      found.push(...named(json, 'takeout'))
    }
    return found
  }

  /** Of the ways in which names belong together, the surest that finds any. */
  function jsonOf(photoName: string): string[] {
    const isItself = (name: string) => ownersByName().get(name)?.has(photoName) ?? false
    for (const [way, keys] of photoKeysOf(photoName).entries()) {
      const names = [...new Set([...keys].flatMap((key) => takeout.get(key) ?? []))]
      // In another case or form it may be that of a photo which has this very name; only a copy shares it.
      const free = names.filter((name) => way > 1 || isItself(name) || !ownersByName().has(name))
      if (free.length > 0) return free
    }
    return []
  }

  /** By JSON file, the pictures that have its name as it is written. */
  function ownersByName(): Map<string, Set<string>> {
    if (owners) return owners
    owners = new Map()
    for (const picture of pictures) {
      for (const key of photoKeysOf(picture)[0]!) {
        for (const name of takeout.get(key) ?? []) {
          const known = owners.get(name)
          if (known) known.add(picture)
          else owners.set(name, new Set([picture]))
        }
      }
    }
    return owners
  }
}

const finders = new WeakMap<readonly string[], SidecarFinder>()

/** The sidecars of one photo. A list of names that does not change is looked at once for all photos of a folder. */
export function findSidecars(
  directoryEntries: readonly string[],
  photoName: string,
  companions?: readonly string[],
): FoundSidecar[] {
  return onceFor(directoryEntries, finders, createSidecarFinder)(photoName, companions)
}

/** By lower-case name or stem the files that have it. */
type Owners = Map<string, string[]>
const nameOwners = new WeakMap<readonly string[], Owners>()
const stemOwners = new WeakMap<readonly string[], Owners>()

/** Whether another file has the photo's name in another case. */
export function sharesName(directoryEntries: readonly string[], photoName: string): boolean {
  const owners = onceFor(directoryEntries, nameOwners, (names) => findOwners(names, (name) => name))
  return isOfOthers(owners, foldName(photoName), [photoName])
}

/**
 * Whether a file other than those of the photo, and no sidecar of any program, has its stem, in any case.
 * @param companions names of its other files.
 */
export function sharesStem(
  directoryEntries: readonly string[],
  photoName: string,
  companions: readonly string[] = [],
): boolean {
  const owners = onceFor(directoryEntries, stemOwners, (names) => findOwners(names, stemOf))
  return isOfOthers(owners, foldName(stemOf(photoName)), [photoName, ...companions])
}

function findOwners(directoryEntries: readonly string[], partOf: (name: string) => string): Owners {
  const owners: Owners = new Map()
  for (const name of directoryEntries) {
    if (!/\.(xmp|json|aae|pp3|dop)$/i.test(name)) append(owners, foldName(partOf(name)), name)
  }
  return owners
}

function isOfOthers(owners: Owners, part: string, own: readonly string[]): boolean {
  return owners.get(part)?.some((name) => !own.includes(name)) ?? false
}

function onceFor<Found>(
  directoryEntries: readonly string[],
  known: WeakMap<readonly string[], Found>,
  look: (directoryEntries: readonly string[]) => Found,
): Found {
  const found = known.get(directoryEntries) ?? look(directoryEntries)
  known.set(directoryEntries, found)
  return found
}

/** The photo, or stem of photos, that a sidecar of this name is for. */
function describedBy(sidecarName: string): string {
  return sidecarName.slice(0, -'.xmp'.length)
}

/** Whether a sidecar is for the photo's stem: other photos may have it, too. */
export function isStemSidecar(sidecarName: string, photoName: string): boolean {
  return foldName(describedBy(sidecarName)) !== foldName(photoName)
}

function stemOf(name: string): string {
  const dot = name.lastIndexOf('.')
  return dot > 0 ? name.slice(0, dot) : name
}

const suffix = '.supplemental-metadata'
/** Google cuts the name before `.json` here, counted in its own way for characters beyond ASCII. */
const cutLengths = [45, 46, 47]
/** Names from here on may have been cut: what is added to them then ends anywhere. */
const leastCutLength = 40

/**
 * What Google adds to a copy that it made or that a person edited, in the language of the account. Copies have no file of their own.
 * https://github.com/TheLastGimbus/GooglePhotosTakeoutHelper has seen many of these; the others are the same word of Google Photos.
 */
const copySuffixes = [
  ...[
    'edited',
    'bearbeitet',
    'modifié',
    'modifiée',
    'editado',
    'ha editado',
    'editada',
    'editat',
    'modificato',
  ],
  ...[
    'bewerkt',
    'redigeret',
    'redigerad',
    'redigert',
    'muokattu',
    'edytowane',
    'upraveno',
    'upravené',
    'szerkesztve',
  ],
  ...[
    'szerkesztett',
    'düzenlendi',
    'изменено',
    'отредактировано',
    'відредаговано',
    'редактирано',
    'επεξεργασμένο',
  ],
  ...[
    '编辑',
    '已编辑',
    '已修改',
    '已編輯',
    '編集済み',
    '편집됨',
    '수정됨',
    'diedit',
    'đã chỉnh sửa',
    'แก้ไขแล้ว',
    'נערך',
    'معدّل',
  ],
  ...['effects', 'smile', 'mix', 'collage', 'animation', 'pano', 'motion', 'pop_out', 'cinematic'],
].map(foldName)

/*
 * Takeout writes `IMG.JPG.json`, `IMG.JPG.supplemental-metadata.json`, either cut off after 46 characters, or with the extension
 * left out before the suffix; numbers a second `IMG.JPG` as `IMG(1).JPG` with `IMG.JPG(1).json`, and gives a copy that was edited
 * no file of its own. A JSON file and a photo belong together where they have a key in common.
 */

function jsonKeysOf(jsonName: string): Set<string> {
  const name = jsonName.normalize('NFC')
  const [, base = '', number = ''] = /^(.*?)(\(\d+\))?\.json$/is.exec(name) ?? []
  const keys = new Set([wholeKey(base, number)])
  // It may be cut anywhere; where only its dot is left, that cannot be told from another name.
  const at = base.toLowerCase().lastIndexOf(suffix.slice(0, 2))
  if (at >= 0 && suffix.startsWith(base.slice(at).toLowerCase())) {
    keys.add(withSuffixKey(base.slice(0, at), number))
  }
  for (const key of [...keys]) keys.add(inAnyCase(key))
  return keys
}

/**
 * The keys of a photo by the ways in which it may belong to a file, the surest first: by its own name; by that in another case, or
 * without its extension; as a copy by the original of its number, and by the original itself.
 */
function photoKeysOf(photoName: string): Set<string>[] {
  const name = photoName.normalize('NFC')
  const [, stem = '', number = '', extension = ''] = /^(.*?)(\(\d+\))?(\.[^.]*)?$/s.exec(name) ?? []
  const own = new Set([...keysOfName(name, ''), ...keysOfName(stem + extension, number)])
  const alike = new Set([
    ...[...own].map(inAnyCase),
    ...[withSuffixKey(stem + number, ''), withSuffixKey(stem, number)].map(inAnyCase),
  ])
  const original = originalStem(stem)
  if (original === undefined) return [own, alike]
  const [, ofStem = '', ofNumber = ''] = /^(.*?)(\(\d+\))?$/s.exec(original) ?? []
  const keysOfOriginal = (each: string, itsNumber: string) =>
    [...keysOfName(each + extension, itsNumber), withSuffixKey(each, itsNumber)].map(inAnyCase)
  return [
    own,
    alike,
    new Set([...keysOfOriginal(ofStem, number || ofNumber), ...keysOfOriginal(original, number)]),
    new Set(keysOfOriginal(ofStem, '')),
  ]
}

function keysOfName(name: string, number: string): string[] {
  const full = name + suffix
  const cut = cutLengths.filter((length) => full.length >= length).map((length) => full.slice(0, length))
  return [wholeKey(name, number), withSuffixKey(name, number), ...cut.map((each) => wholeKey(each, number))]
}

/** The stem without what makes it a copy's; undefined where it is none. */
function originalStem(stem: string): string | undefined {
  const at = stem.lastIndexOf('-')
  if (at <= 0) return undefined
  const added = foldName(stem.slice(at + 1))
  const isCopy =
    copySuffixes.includes(added) ||
    (stem.length >= leastCutLength && added !== '' && copySuffixes.some((each) => each.startsWith(added)))
  return isCopy ? stem.slice(0, at) : undefined
}

function wholeKey(name: string, number: string): string {
  return `${name}/${number}`
}

function withSuffixKey(name: string, number: string): string {
  return `${name}/${number}/+`
}

/** No key as a name is written begins so. */
function inAnyCase(key: string): string {
  return `/${key.toLowerCase()}`
}

const takeoutOfPicture =
  /(\.(jpe?g|jp|png?|gif|webp|hei[cf]|avif|tiff?|bmp|dng|nef|cr[23]|arw|raf|orf|rw2)[^.]*(\.s[a-z-]*)?|\.supp?[a-z-]*)(\(\d+\))?\.json$/i
const ofVideo = /\.(mp4|mov|m4v|3gp|avi|mkv|mpe?g|mts|m2ts|wmv|webm|mp)(\.|\(|$)/i

/**
 * Whether a file that describes nothing beside it looks as if it described a picture. darktable's numbered duplicates describe other
 * versions of one that is there; what describes videos is no matter of ours, nor JSON of other programs.
 * @param present the names of pictures, and of what else may be described.
 */
export function isStraySidecar(name: string, present: ReadonlySet<string>): boolean {
  if (ofVideo.test(name)) return false
  if (/\.json$/i.test(name)) return takeoutOfPicture.test(name)
  const original = describedBy(name).replace(/_\d\d(?=\.[^.]+$)/, '')
  return !present.has(original)
}

/** Names that differ in case or in how accents are composed are the same to many file systems and programs. */
function foldName(name: string): string {
  return name.normalize('NFC').toLowerCase()
}

function append(map: Map<string, string[]>, key: string, name: string): void {
  const names = map.get(key)
  if (names) names.push(name)
  else map.set(key, [name])
}
