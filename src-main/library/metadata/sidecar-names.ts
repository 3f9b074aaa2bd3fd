import { isPictureName } from '../../contract/picture-names.ts'

/** Which files beside a photo describe it, told by their names alone; what the scan compares and the reader reads. */

export interface FoundSidecar {
  kind: 'sidecar' | 'takeout'
  /** File name, in the folder of the photo. */
  name: string
}

/** The sidecars of one photo of a folder, the most trusted first. */
export type SidecarFinder = (photoName: string) => FoundSidecar[]

/** Whether a file of this name may describe a photo. */
export function isSidecarName(name: string): boolean {
  return /\.(xmp|json)$/i.test(name) && !name.startsWith('.')
}

/**
 * Finds the files of a folder that describe its photos: `IMG.JPG.xmp` (this very file), then `IMG.xmp` (Adobe's
 * way, which a raw file and its JPEG share), then Google Takeout's JSON. A name in another case does for a photo
 * that has none in its own, unless that is the very name of another photo there: `IMG.JPG` and `img.jpg` are two.
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
  for (const name of directoryEntries) {
    const lower = name.toLowerCase()
    if (lower.endsWith('.xmp')) append(xmp, describedBy(lower), name)
    else if (lower.endsWith('.json')) for (const key of takeoutKeysOf(name)) append(takeout, key, name)
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
    const inAnyCase = xmp.get(wanted.toLowerCase()) ?? []
    const exact = inAnyCase.filter((name) => describedBy(name) === wanted)
    return named(
      exact.length > 0 ? exact : inAnyCase.filter((name) => !isOfOther(describedBy(name))),
      'sidecar',
    )
  }

  return (photoName) => {
    const stem = stemOf(photoName)
    const found = sidecarsOf(photoName, ofPicture)
    if (stem !== photoName && !ofPicture(stem)) {
      found.push(...sidecarsOf(stem, (described) => stems.has(described) || ofPicture(described)))
    }
    if (takeout.size > 0) {
      const keys = takeoutKeysFor(photoName)
      const names = new Set([...keys].flatMap((key) => takeout.get(key) ?? []))
      found.push(...named([...names], 'takeout'))
    }
    return found
  }
}

const finders = new WeakMap<readonly string[], SidecarFinder>()

/** The sidecars of one photo. A list of names that does not change is looked at once for all photos of a folder. */
export function findSidecars(directoryEntries: readonly string[], photoName: string): FoundSidecar[] {
  return onceFor(directoryEntries, finders, createSidecarFinder)(photoName)
}

/** By lower-case name or stem the one file that has it, or true where there are several. */
type Owners = Map<string, string | true>
const nameOwners = new WeakMap<readonly string[], Owners>()
const stemOwners = new WeakMap<readonly string[], Owners>()

/** Whether another file has the photo's name in another case. */
export function sharesName(directoryEntries: readonly string[], photoName: string): boolean {
  const owners = onceFor(directoryEntries, nameOwners, (names) => findOwners(names, (name) => name))
  return isOfOthers(owners.get(photoName.toLowerCase()), photoName)
}

/** Whether a file other than the photo, and no sidecar of any program, has the photo's stem, in any case. */
export function sharesStem(directoryEntries: readonly string[], photoName: string): boolean {
  const owners = onceFor(directoryEntries, stemOwners, (names) => findOwners(names, stemOf))
  return isOfOthers(owners.get(stemOf(photoName).toLowerCase()), photoName)
}

function findOwners(directoryEntries: readonly string[], partOf: (name: string) => string): Owners {
  const owners: Owners = new Map()
  for (const name of directoryEntries) {
    if (/\.(xmp|json|aae|pp3|dop)$/i.test(name)) continue
    const part = partOf(name).toLowerCase()
    owners.set(part, owners.has(part) ? true : name)
  }
  return owners
}

function isOfOthers(owner: string | true | undefined, photoName: string): boolean {
  return owner !== undefined && owner !== photoName
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
  return describedBy(sidecarName).toLowerCase() !== photoName.toLowerCase()
}

function stemOf(name: string): string {
  const dot = name.lastIndexOf('.')
  return dot > 0 ? name.slice(0, dot) : name
}

const suffix = '.supplemental-metadata'
/** Google cuts the name before `.json` here, counted in its own way for characters beyond ASCII. */
const cutLengths = [45, 46, 47]

/*
 * Takeout writes `IMG.JPG.json`, `IMG.JPG.supplemental-metadata.json`, either cut off after 46 characters,
 * numbers a second `IMG.JPG` as `IMG(1).JPG` with `IMG.JPG(1).json`, and gives an edited copy no file of its own.
 * A JSON file and a photo belong together where they have a key in common.
 */

function takeoutKeysOf(jsonName: string): Set<string> {
  const [, base = '', number = ''] = /^(.*?)(\(\d+\))?\.json$/is.exec(jsonName) ?? []
  const keys = new Set([wholeKey(base, number)])
  // It may be cut anywhere; where only its dot is left, that cannot be told from another name.
  const at = base.lastIndexOf(suffix.slice(0, 2))
  if (at >= 0 && suffix.startsWith(base.slice(at))) keys.add(withSuffixKey(base.slice(0, at), number))
  return keys
}

function takeoutKeysFor(photoName: string): Set<string> {
  const [, stem = '', number = '', extension = ''] = /^(.*?)(\(\d+\))?(\.[^.]*)?$/s.exec(photoName) ?? []
  const original = stem.replace(/-(edited|bearbeitet|modifié|editado|modificato|bewerkt)$/, '')
  const keys = new Set<string>()
  const add = (name: string, ofNumber: string) => {
    keys.add(wholeKey(name, ofNumber)).add(withSuffixKey(name, ofNumber))
    const full = name + suffix
    for (const length of cutLengths) {
      if (full.length >= length) keys.add(wholeKey(full.slice(0, length), ofNumber))
    }
  }
  add(photoName, '')
  add(stem + extension, number)
  add(original + extension, number)
  return keys
}

function wholeKey(name: string, number: string): string {
  return `${name}/${number}`
}

function withSuffixKey(name: string, number: string): string {
  return `${name}/${number}/+`
}

function append(map: Map<string, string[]>, key: string, name: string): void {
  const names = map.get(key)
  if (names) names.push(name)
  else map.set(key, [name])
}
