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
 * way, which a raw file and its JPEG share), then Google Takeout's JSON. Case does not matter. darktable's
 * numbered duplicates (`IMG_01.JPG.xmp`) describe other versions, not the photo.
 *
 * All names are looked at once, so that a folder of a hundred thousand photos with as many sidecars is no more
 * work a photo than a small one.
 */
export function createSidecarFinder(directoryEntries: Iterable<string>): SidecarFinder {
  const xmp = new Map<string, string[]>()
  const takeout = new Map<string, string[]>()
  for (const name of directoryEntries) {
    const lower = name.toLowerCase()
    if (lower.endsWith('.xmp')) append(xmp, lower.slice(0, -'.xmp'.length), name)
    else if (lower.endsWith('.json')) for (const key of takeoutKeysOf(name)) append(takeout, key, name)
  }
  const named = (names: readonly string[], kind: FoundSidecar['kind']) =>
    names.toSorted().map((name) => ({ kind, name }))

  return (photoName) => {
    const wanted = photoName.toLowerCase()
    const stem = stemOf(wanted)
    const found = named(xmp.get(wanted) ?? [], 'sidecar')
    if (stem !== wanted) found.push(...named(xmp.get(stem) ?? [], 'sidecar'))
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

/** By stem the one file that has it, or true where there are several. */
type StemOwners = Map<string, string | true>
const stemOwners = new WeakMap<readonly string[], StemOwners>()

/** Whether a file other than the photo, and no sidecar of any program, has the photo's stem. */
export function sharesStem(directoryEntries: readonly string[], photoName: string): boolean {
  const owner = onceFor(directoryEntries, stemOwners, findStemOwners).get(stemOf(photoName.toLowerCase()))
  return owner !== undefined && owner !== photoName.toLowerCase()
}

function findStemOwners(directoryEntries: readonly string[]): StemOwners {
  const owners: StemOwners = new Map()
  for (const name of directoryEntries) {
    const lower = name.toLowerCase()
    if (/\.(xmp|json|aae|pp3|dop)$/.test(lower)) continue
    const stem = stemOf(lower)
    const known = owners.get(stem)
    owners.set(stem, known === undefined || known === lower ? lower : true)
  }
  return owners
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
