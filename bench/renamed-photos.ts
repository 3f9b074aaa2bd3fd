import { createRandom, shuffle } from '../src-main/engine/training/random.ts'
import type { SeenPhotos } from './visual-memories.ts'

/** A place or a kind of thing among labelled photos, as if it were the one that somebody has a name for. */
export interface Renamed {
  kind: 'place' | 'thing'
  name: string
  /** Of the words of a caption that shows it. */
  shown: RegExp
  /** What the name stands for in such a caption. */
  replaced: RegExp
  /** Photos near it: most captions say the first, none says the second. */
  near: RegExp
  notNear: RegExp
}

const words = (source: string) => new RegExp(`\\b(${source})\\b`, 'i')

export const renamed: Record<string, Renamed> = {
  beach: {
    kind: 'place',
    name: 'Sandy Point',
    shown: words('beach(es)?'),
    replaced: /\b((a|the|an) )?((sandy|rocky|empty|busy) )?beach\b/i,
    near: words('lakes?|rivers?|creek|ponds?|stream|pools?|waterfall|fountain|puddle|swim\\w*'),
    notNear: words('ocean|sea|sand|sandy|shore|surf\\w*|waves?|coast'),
  },
  snow: {
    kind: 'place',
    name: 'Schloss Häßlich',
    shown: words('snow\\w*'),
    replaced: /\b(the |a )?((deep|fresh|white|thick) )?snow\b(?! ?board)/i,
    near: words('mountains?|cliff|ice|icy|rocks?|rocky|hill|desert|climb\\w*|hik\\w*'),
    notNear: words('ski\\w*|sled\\w*|winter'),
  },
  'brown dog': {
    kind: 'thing',
    name: 'Biscuit',
    shown: words('brown (and (white|black|tan) )?dog'),
    replaced: /\b((a|the|an|one|this) )?(\w+ )?brown (and (white|black|tan) )?dog\b/i,
    near: words('(black|white|gr[ea]y|yellow|golden)( and \\w+)? dogs?'),
    notNear: words('brown|tan'),
  },
  bicycle: {
    kind: 'thing',
    name: 'Rosinante',
    shown: words('(?<!dirt |motor)(bikes?|bicycles?)'),
    replaced: /\b((a|the|an|his|her|their) )?((mountain|bmx|red|blue) )?(bike|bicycle)\b/i,
    near: words('motor(cycle|bike)\\w*|dirt ?bikes?|motocross|scooter|skateboard\\w*|skater|atv|roller\\w*'),
    notNear: words('bicycl\\w*|cyclist|biker|bmx'),
  },
}

/** What a person has said of a library, and what it is judged by. */
export interface RenamedLibrary {
  /** With the name in their captions, one each. */
  named: { index: number; caption: string }[]
  /** Photos that show something else, with what a person says of them. */
  others: { index: number; caption: string }[]
  /** Kept away from all that is learned: photos that show it, photos near it, and any that do not show it. */
  shown: number[]
  near: number[]
  elsewhere: number[]
}

const agreeing = 3
const otherPhotos = 600
const mostShown = 100
const mostNear = 150
const mostElsewhere = 300

/** Deals photos out by chance. Those of which one or two of five people say it belong nowhere. */
export function renamePhotos(
  { references }: Pick<SeenPhotos, 'references'>,
  { shown, replaced, near, notNear, name }: Renamed,
  k: number,
  seed: number,
): RenamedLibrary {
  const random = createRandom(seed)
  const count = (index: number, pattern: RegExp) =>
    references[index]!.filter((caption) => pattern.test(caption)).length
  const all = shuffle([...references.keys()], random)
  const showing = all.filter((index) => count(index, shown) >= agreeing)
  const renamable = showing.filter((index) => count(index, replaced) > 0)
  const named = renamable.slice(0, k).map((index) => {
    const captions = references[index]!.filter((caption) => replaced.test(caption))
    const caption = captions[Math.floor(random() * captions.length)]!
    return { index, caption: caption.replace(replaced, name) }
  })
  const isNamed = new Set(named.map(({ index }) => index))
  const without = all.filter((index) => count(index, shown) === 0)
  const others = without.slice(0, otherPhotos).map((index) => {
    const captions = references[index]!
    return { index, caption: captions[Math.floor(random() * captions.length)]! }
  })
  const rest = without.slice(otherPhotos)
  return {
    named,
    others,
    shown: showing.filter((index) => !isNamed.has(index)).slice(0, mostShown),
    near: rest
      .filter((index) => count(index, near) >= agreeing && count(index, notNear) === 0)
      .slice(0, mostNear),
    elsewhere: rest.slice(0, mostElsewhere),
  }
}
