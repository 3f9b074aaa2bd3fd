import type { NameKind } from '../../src-main/contract/adapters.ts'

/** A photo that may show what has a name. */
export interface OfferedPhoto {
  id: number
  caption: string
}

/** What is offered for one name, of which a page is looked at. */
export interface OffersOfName {
  name: string
  isPerson: boolean
  /** Photos that have it. */
  named: number
  /** How many are offered in all. */
  total: number
  page: readonly OfferedPhoto[]
}

/** Names that anything is offered for; those that are on the page stay where they are, for somebody is looking at them. */
export function inPlace(before: readonly OffersOfName[], now: readonly OffersOfName[]): OffersOfName[] {
  const offering = now.filter(({ total }) => total > 0)
  const placeOf = ({ name }: OffersOfName) => {
    const at = before.findIndex((each) => each.name === name)
    return at < 0 ? before.length : at
  }
  return offering
    .map((each) => ({
      ...each,
      page: samePlaces(
        before.find(({ name }) => name === each.name),
        each,
      ),
    }))
    .sort((a, b) => placeOf(a) - placeOf(b))
}

function samePlaces(before: OffersOfName | undefined, { page }: OffersOfName): OfferedPhoto[] {
  const now = new Map(page.map((photo) => [photo.id, photo]))
  const kept = (before?.page ?? []).flatMap(({ id }) => now.get(id) ?? [])
  const isKept = new Set(kept.map(({ id }) => id))
  return [...kept, ...page.filter(({ id }) => !isKept.has(id))]
}

/** Without photos that were answered, until it is known what is offered now. */
export function answered(
  offers: readonly OffersOfName[],
  name: string,
  photos: readonly number[],
): OffersOfName[] {
  return offers.map((each) => {
    if (each.name !== name) return each
    const page = each.page.filter(({ id }) => !photos.includes(id))
    return { ...each, page, total: each.total - (each.page.length - page.length) }
  })
}

/** What a person says of it goes before what photos are tagged with. */
export function kindOfOffers({ name, isPerson }: OffersOfName, said: ReadonlyMap<string, boolean>): NameKind {
  return (said.get(name) ?? isPerson) ? 'person' : 'other'
}
