import type { WrittenMark } from '../store/marks.ts'
import { appended, applyEdits, type Edit, othersWords, prefixFor, setSentence } from './caption-splice.ts'
import type { RecordedMark } from './photo-metadata.ts'
import { escapeXml, parseXml, type XmlElement, XmlError, xmlText } from './xml.ts'
import { markProperties, marksInRecord, namesIn, sentenceOf } from './xmp-marks.ts'
import {
  findProperty,
  isRdf,
  marksRecord,
  namespaces,
  type Property,
  type PropertyPlace,
  rdfOf,
  readXmp,
} from './xmp-tree.ts'

/** What is to be said of a photo besides its caption. */
export interface MarksToWrite {
  marks: readonly WrittenMark[]
  /** Of the picture, lower-case hex. */
  contentHash: string | null
}

type Value = RecordedMark['value']

/**
 * Puts a person's marks into the text of a sidecar, by the fewest edits, and into our record what was there before. What the record
 * says and the person does not any more is put back as it was, unless another program has written something else since.
 * @throws XmlError where the text is not well-formed XMP, or its structure does not allow it.
 */
export function spliceMarks(text: string, { marks, contentHash }: MarksToWrite): string {
  const recorded = marksInRecord(readXmp(text))
  if (marks.length === 0 && recorded.length === 0) return text
  let result = text
  for (const old of recorded) {
    const isWanted = marks.some((mark) => isSame(mark, old))
    if (!isWanted && saidIn(result, old) === old.value) result = say(result, old, old.before)
  }
  const written: RecordedMark[] = marks.map((mark) => {
    const said = saidIn(result, mark)
    const old = recorded.find((each) => isSame(each, mark))
    return { ...mark, value: writable(mark.value), before: old && old.value === said ? old.before : said }
  })
  for (const mark of written) {
    if (saidIn(result, mark) !== mark.value) result = say(result, mark, mark.value)
  }
  result = putRecord(result, written, contentHash)
  check(text, result, written)
  return result
}

function isSame(one: WrittenMark, other: WrittenMark): boolean {
  return one.kind === other.kind && writable(one.name) === writable(other.name)
}

function writable<T extends Value>(value: T): T {
  return (typeof value === 'string' ? xmlText(value) : value) as T
}

/** What the sidecar says of it now, in the form of a mark's value; of favourites nothing says anything. */
function saidIn(text: string, { kind, name }: WrittenMark): Value {
  if (kind === 'favorite') return null
  const property = markProperties[kind]
  const value = readXmp(text).get(property.prefix, property.local)
  if (kind === 'title') return sentenceOf(value) ?? ''
  if (kind === 'rating') return value === undefined ? null : Number(value.text)
  return namesIn(value).includes(writable(name)) ? 1 : 0
}

function say(text: string, { kind, name }: WrittenMark, value: Value): string {
  if (kind === 'favorite') return text
  const property = markProperties[kind]
  if (kind === 'title') return sayTitle(text, String(value ?? ''))
  if (kind === 'rating') return sayRating(text, property, value)
  return sayName(text, property, writable(name), value === 1)
}

function sayRating(text: string, property: Property, value: Value): string {
  const root = parseXml(text)
  const place = findProperty(root, property)
  if (value === null) return remove(text, place)
  if (place?.attribute) return applyEdits(text, [{ ...span(place.attribute), text: String(value) }])
  const element = `<xmp:Rating xmlns:xmp="${namespaces.xmp}">${value}</xmp:Rating>`
  return place ? applyEdits(text, [{ ...span(place.element), text: element }]) : append(text, root, element)
}

/** Sentences in other languages than the default are somebody's work, and stay. */
function sayTitle(text: string, title: string): string {
  if (title !== '') return setSentence(text, 'title', title)
  const place = findProperty(parseXml(text), markProperties.title)
  const items = place?.element && itemsOf(place.element)
  if (!items || items.length < 2) return remove(text, place)
  const standard = items.find((item) => item.attributes.some(({ value }) => value === 'x-default'))
  return standard ? remove(text, { element: standard }) : remove(text, place)
}

function sayName(text: string, property: Property, name: string, isThere: boolean): string {
  const root = parseXml(text)
  const place = findProperty(root, property)
  const rdfPrefix = prefixFor(rdfOf(root), namespaces.rdf)
  const itemOf = (each: string) => `<${rdfPrefix}li>${escapeXml(each)}</${rdfPrefix}li>`
  const items = place?.element ? itemsOf(place.element) : []
  if (items.length > 0) {
    if (!isThere) {
      const named = items.filter((item) => item.text.trim() === name)
      return applyEdits(
        text,
        named.map((item) => withGap(text, item)),
      )
    }
    const { start, end } = items.at(-1)!
    const gap = /\s*$/.exec(text.slice(0, start))![0]
    return applyEdits(text, [{ start: end, end, text: gap + itemOf(name) }])
  }
  // What is one text with separators becomes a list.
  const others = namesIn(readXmp(text).get(property.prefix, property.local)).filter((each) => each !== name)
  const names = isThere ? [...others, name] : others
  if (names.length === 0) return remove(text, place)
  const prefixed = `${property.prefix}:${property.local}`
  const declared = `xmlns:${property.prefix}="${namespaces[property.prefix]}"`
  const bag = `<${rdfPrefix}Bag>${names.map(itemOf).join('')}</${rdfPrefix}Bag>`
  const element = `<${prefixed} ${declared}>${bag}</${prefixed}>`
  if (place?.element) return applyEdits(text, [{ ...span(place.element), text: element }])
  const without = remove(text, place)
  return append(without, parseXml(without), element)
}

function itemsOf(element: XmlElement): XmlElement[] {
  const list = element.children.find((child) => ['Bag', 'Seq', 'Alt'].some((kind) => isRdf(child, kind)))
  return list?.children.filter((child) => isRdf(child, 'li')) ?? []
}

/** With the white space before it. */
function withGap(text: string, { start, end }: XmlElement): Edit {
  const gap = /\s*$/.exec(text.slice(0, start))![0]
  return { start: start - gap.length, end, text: '' }
}

function remove(text: string, place: PropertyPlace | undefined): string {
  if (!place) return text
  if (place.element) return applyEdits(text, [withGap(text, place.element)])
  const { start, end } = place.attribute
  const name = /\s+[^\s=]+\s*=\s*["']$/.exec(text.slice(0, start))![0]
  return applyEdits(text, [{ start: start - name.length, end: end + 1, text: '' }])
}

function span({ start, end }: { start: number; end: number }) {
  return { start, end }
}

function append(text: string, root: XmlElement, element: string): string {
  const rdf = rdfOf(root)
  return applyEdits(text, [appended(text, root, rdf, prefixFor(rdf, namespaces.rdf), [element])])
}

function putRecord(text: string, marks: readonly RecordedMark[], contentHash: string | null): string {
  const root = parseXml(text)
  const place = findProperty(root, { prefix: 'lenslore', local: marksRecord })
  if (marks.length === 0) return remove(text, place)
  const rdf = prefixFor(rdfOf(root), namespaces.rdf)
  const field = (local: string, value: Value) =>
    value === null ? '' : `<lenslore:${local}>${escapeXml(String(value))}</lenslore:${local}>`
  const items = marks.map(
    ({ kind, name, value, before, writtenAt }) =>
      `<${rdf}li ${rdf}parseType="Resource">${field('Kind', kind)}${field('Name', name || null)}${field('Value', value)}${field('Before', before)}${field('Written', writtenAt)}</${rdf}li>`,
  )
  const said = `${field('Content', contentHash)}<lenslore:Marks><${rdf}Bag>${items.join('')}</${rdf}Bag></lenslore:Marks>`
  const element = `<lenslore:${marksRecord} xmlns:lenslore="${namespaces.lenslore}" ${rdf}parseType="Resource">${said}</lenslore:${marksRecord}>`
  if (!place?.element) return append(text, root, element)
  return applyEdits(text, [{ ...span(place.element), text: element }])
}

/** Reads the new text and compares it with the old: what is marked as wanted, all else the same. */
function check(before: string, after: string, marks: readonly RecordedMark[]): void {
  const names = Object.values(markProperties).map(({ prefix, local }) => namespaces[prefix] + local)
  const others = (text: string) => othersWords(text, new Set([...names, namespaces.lenslore + marksRecord]))
  const isSaid = marks.every((mark) => mark.kind === 'favorite' || saidIn(after, mark) === mark.value)
  if (!isSaid || others(before) !== others(after)) {
    throw new XmlError('its structure does not allow marks to be changed alone')
  }
}
