import { companionKinds } from '../../src-main/contract/file-pairs.ts'
import type { Tile } from '../../src-main/contract/records.ts'
import { ratingShift, tileFlags } from '../../src-main/contract/tile-flags.ts'
import { copiesText } from '../text/english-copies.ts'
import { gridText } from '../text/english-grid.ts'
import { asSentence } from '../text/sentence.ts'

export const has = (flags: number, flag: keyof typeof tileFlags) => (flags & tileFlags[flag]) !== 0

/** -1 rejected, 0 none, else stars. */
export const ratingIn = (flags: number) => (flags >> ratingShift) - 1

export const hasCaption = (flags: number) =>
  has(flags, 'byPerson') || has(flags, 'imported') || has(flags, 'byModel')

/** A failed photo without a picture says why in its place. */
export const showsReason = (flags: number) => has(flags, 'failed') && !has(flags, 'thumbnail')

/** Whether asking for its picture can bring one. */
export const canBeSeen = (flags: number) =>
  has(flags, 'thumbnail') || !(has(flags, 'failed') || has(flags, 'offline') || has(flags, 'missing'))

export interface Sign {
  icon: 'pen' | 'unsure' | 'wait' | 'offline' | 'fail' | 'star' | 'heart' | 'x'
  title: string
  count?: number
}

const mostSigns = 2

/** What stands in the corner of a tile, the most telling first. */
export function signsOf(flags: number): Sign[] {
  const { signs } = gridText
  const rating = ratingIn(flags)
  const all: (Sign | false)[] = [
    has(flags, 'offline') && { icon: 'offline', title: signs.offline },
    has(flags, 'missing') && { icon: 'offline', title: signs.missing },
    has(flags, 'failed') && !showsReason(flags) && { icon: 'fail', title: signs.failed },
    !hasCaption(flags) && !has(flags, 'failed') && { icon: 'wait', title: signs.waiting },
    has(flags, 'unsure') && { icon: 'unsure', title: signs.unsure },
    has(flags, 'byPerson') && { icon: 'pen', title: signs.yours },
    rating < 0 && { icon: 'x', title: signs.rejected },
    rating > 0 && { icon: 'star', title: signs.stars(rating), count: rating },
    has(flags, 'favorite') && { icon: 'heart', title: signs.favorite },
  ]
  return all.filter((sign) => sign !== false).slice(0, mostSigns)
}

/** What tells of the files that a photo has beside its own. */
export function badgesOf(flags: number): { label: string; title: string }[] {
  return companionKinds.filter((kind) => has(flags, kind)).map((kind) => gridText.badges[kind])
}

/** What a screen reader says of a photo: its caption first. @param day as it is said */
export function nameOf(flags: number, tile: Tile | undefined, day: string): string {
  const { names } = gridText
  if (!tile) return names.unread(day)
  const rating = ratingIn(flags)
  const state = [
    has(flags, 'byPerson') && names.yours,
    has(flags, 'offline') && names.offline,
    has(flags, 'missing') && names.missing,
    rating > 0 && names.stars(rating),
    rating < 0 && names.rejected,
    has(flags, 'favorite') && names.favorite,
    ...badgesOf(flags).map(({ title }) => `${title}.`),
    tile.stacked > 0 && copiesText.named(tile.stacked),
  ]
  return [mainNameOf(tile, day), ...state].filter(Boolean).join(' ')
}

function mainNameOf({ caption, name, error, isUnsure, doubtfulWords }: Tile, day: string): string {
  const { names } = gridText
  if (error && !caption) return names.failed(name, error.message)
  if (!caption) return names.noCaption(name, day)
  const doubted = doubtfulWords.map(([start, end]) => caption.slice(start, end)).join(', ')
  const said = asSentence(caption)
  if (doubted) return `${said} ${names.unsureOf(doubted)}`
  return isUnsure ? `${said} ${names.unsure}` : said
}
