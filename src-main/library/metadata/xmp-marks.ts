import type { MarkKind } from '../../contract/records.ts'
import type { RecordedMark } from './photo-metadata.ts'
import { cleanText } from './words.ts'
import { marksRecord, type Property, type XmpProperties, type XmpValue } from './xmp-tree.ts'

const kinds: readonly MarkKind[] = ['rating', 'favorite', 'title', 'keyword', 'person']

/** Where other programs look for them. No standard has favourites: these are in our record alone. */
export const markProperties: Readonly<Record<Exclude<MarkKind, 'favorite'>, Property>> = {
  rating: { prefix: 'xmp', local: 'Rating' },
  title: { prefix: 'dc', local: 'title' },
  keyword: { prefix: 'dc', local: 'subject' },
  person: { prefix: 'Iptc4xmpExt', local: 'PersonInImage' },
}

/** The sentence of a lang-alt that is read: its default, else its first; null where there is none. */
export function sentenceOf(value: XmpValue | undefined): string | null {
  if (!value) return null
  const chosen = value.items.find((item) => item.language === 'x-default') ?? value.items[0]
  return chosen?.text ?? value.text
}

/** The names of a list; a few writers give one text with separators instead. */
export function namesIn(value: XmpValue | undefined): string[] {
  const names = value?.items.length ? value.items.map((item) => item.text) : (value?.text ?? '').split(/[,;]/)
  return names.map((name) => name.trim()).filter((name) => name !== '')
}

/** A person's marks as Lenslore wrote them, with what stood in their place. */
export function marksInRecord(xmp: XmpProperties): RecordedMark[] {
  const items = xmp.get('lenslore', marksRecord)?.fields.get('lenslore', 'Marks')?.items ?? []
  return items.flatMap(({ fields }): RecordedMark[] => {
    const field = (local: string) => fields.get('lenslore', local)?.text
    const kind = kinds.find((each) => each === field('Kind'))
    if (!kind) return []
    const read = (text: string | undefined) => {
      if (kind === 'title') return text ?? ''
      const number = Number(text ?? Number.NaN)
      return Number.isInteger(number) && number >= -1 && number <= 5 ? number : null
    }
    const value = read(field('Value'))
    if (value === null) return []
    return [
      {
        kind,
        name: field('Name') ?? '',
        value,
        before: read(field('Before')),
        writtenAt: field('Written') ?? null,
      },
    ]
  })
}

/** The content of the picture that our record of marks is about. */
export function contentOfMarks(xmp: XmpProperties): string | null {
  const content = xmp.get('lenslore', marksRecord)?.fields.get('lenslore', 'Content')?.text
  return content && /^[0-9a-f]{64}$/.test(content) ? content : null
}

export interface TurnedBack {
  /** What the sidecar said before. */
  xmp: XmpProperties
  /** What stands in it as it was written. */
  marks: RecordedMark[]
}

/** Tells what we wrote from what others did: where the sidecar says something else than our record by now, that is theirs. */
export function turnBackMarks(xmp: XmpProperties): TurnedBack {
  const recorded = marksInRecord(xmp)
  if (recorded.length === 0) return { xmp, marks: [] }
  const changed = new Map<string, XmpValue | undefined>()
  const get: XmpProperties['get'] = (prefix, local) => {
    const key = `${prefix}:${local}`
    return changed.has(key) ? changed.get(key) : xmp.get(prefix, local)
  }
  const marks = recorded.filter(({ kind, name, value, before }) => {
    if (kind === 'favorite') return true
    const { prefix, local } = markProperties[kind]
    const said = get(prefix, local)
    const turnBack = (to: XmpValue | undefined) => changed.set(`${prefix}:${local}`, to)
    if (kind === 'rating') {
      if (Number(said?.text ?? Number.NaN) !== value) return false
      turnBack(before === null ? undefined : plain(String(before)))
      return true
    }
    if (kind === 'title') {
      if (cleanText(sentenceOf(said) ?? '') !== cleanText(String(value))) return false
      turnBack(before ? plain(String(before)) : undefined)
      return true
    }
    const names = namesIn(said)
    const others = names.filter((each) => each !== name)
    if ((others.length < names.length ? 1 : 0) !== value) return false
    const items = (before === 1 ? [...others, name] : others).map(plain)
    turnBack({ ...plain(''), items })
    return true
  })
  return { xmp: { get }, marks }
}

function plain(text: string): XmpValue {
  return { text, language: null, items: [], fields: { get: () => undefined } }
}
