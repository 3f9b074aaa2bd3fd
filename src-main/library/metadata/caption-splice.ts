import type { Caption, CaptionDoubt } from '../../contract/records.ts'
import type { CaptionProvenance } from './photo-metadata.ts'
import { cleanText } from './words.ts'
import {
  attributeOf,
  escapeXml,
  isNamespaceDeclaration,
  languageOf,
  parseXml,
  type XmlElement,
  XmlError,
  xmlText,
} from './xml.ts'
import { recordOf } from './xmp.ts'
import {
  captionRecord,
  descriptionsOf,
  findProperty,
  isRdf,
  namespaces,
  rdfOf,
  readXmp,
  type XmpValue,
} from './xmp-tree.ts'

/** A caption as it goes into a sidecar. */
export interface CaptionToWrite extends CaptionProvenance {
  text: string
  /** BCP 47, where known. */
  language: string | null
}

type WrittenCaption = CaptionDoubt &
  Pick<Caption, 'text' | 'language' | 'source' | 'modelId' | 'adapterId' | 'contentHash' | 'createdMs'>

type Sentence = Pick<CaptionToWrite, 'text' | 'language'>

/** A caption of the library's as it is written out. */
export function captionToWrite({
  text,
  language,
  source,
  modelId,
  adapterId,
  contentHash,
  createdMs,
  ...doubt
}: WrittenCaption): CaptionToWrite {
  const writtenAt = new Date(createdMs).toISOString()
  const { confidence, isUnsure, doubtfulWords } = doubt
  const said = { text, language, source, modelId, adapterId, contentHash, writtenAt }
  return confidence === null ? said : { ...said, doubt: { confidence, isUnsure, doubtfulWords } }
}

export interface Edit {
  start: number
  end: number
  text: string
}

const emptySidecar = `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="${namespaces.x}" x:xmptk="Lenslore">
 <rdf:RDF xmlns:rdf="${namespaces.rdf}">
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>
`

/** The text of a new sidecar that says nothing but this caption. */
export function newSidecar(caption: CaptionToWrite): string {
  return spliceCaption(emptySidecar, caption)
}

/** The default sentence of dc:description; null where there is none. @throws XmlError */
export function captionInSidecar(text: string): string | null {
  parseXml(text)
  const sentences = sentencesOf(text)
  const chosen = sentences.find((item) => item.language === 'x-default') ?? sentences[0]
  return chosen?.text ?? null
}

function sentencesOf(text: string): XmpValue[] {
  const description = readXmp(text).get('dc', 'description')
  if (!description) return []
  return description.items.length > 0 ? description.items : [description]
}

/** Words that an edit puts others in the place of. */
export interface DisplacedWords {
  text: string
  /** Of the picture that they are about, where our record says it. */
  contentHash: string | null
}

/**
 * The sentences of dc:description that are not there any more after an edit, but for what our record says a model
 * wrote. Where none is the default, the one that is read as it counts too.
 * @throws XmlError
 */
export function displacedWords(before: string, after: string): DisplacedWords[] {
  const record = recordOf(readXmp(before))
  const recorded = cleanText(record?.text ?? '')
  const left = new Set(sentencesOf(after).map((item) => item.text))
  const gone = sentencesOf(before).filter((item) => !left.has(item.text))
  const sentences = new Set([captionInSidecar(before) ?? '', ...gone.map((item) => item.text)])
  return [...sentences].flatMap((sentence) => {
    const text = cleanText(sentence)
    if (text === null) return []
    if (!record || text !== recorded) return [{ text, contentHash: null }]
    return record.source === 'model' ? [] : [{ text, contentHash: record.contentHash }]
  })
}

/** The content of the picture that our record in a sidecar is about; null where there is none. @throws XmlError */
export function contentInSidecar(text: string): string | null {
  return recordOf(readXmp(text))?.contentHash ?? null
}

/** What of a caption a sidecar can hold: line ends as `\n`, no characters that XML forbids. */
export function writableCaption(text: string): string {
  return xmlText(text.replace(/\r\n?/g, '\n'))
}

/**
 * Puts a caption into the text of a sidecar by replacing only what says the caption: the default sentence of
 * dc:description (and the sentence in the caption's own language), and our own record of where it comes from.
 * Everything else, white space and order included, stays character for character. What is missing is added in
 * an rdf:Description of its own at the end.
 *
 * The result is read again and compared before it is returned.
 * @throws XmlError where the text is not well-formed XMP.
 */
export function spliceCaption(text: string, caption: CaptionToWrite): string {
  const root = parseXml(text)
  const rdf = rdfOf(root)
  const written = { ...caption, text: writableCaption(caption.text) }
  const edits: Edit[] = []
  const missing: string[] = []
  const rdfPrefix = prefixFor(rdf, namespaces.rdf)

  const place = findProperty(root, { prefix: 'dc', local: 'description' })
  if (place?.attribute) {
    edits.push({ start: place.attribute.start, end: place.attribute.end, text: escapeXml(written.text) })
  } else if (place?.element) {
    edits.push(...editsOfSentence(text, place.element, 'description', written))
  } else {
    missing.push(sentenceElement('dc', 'description', rdfPrefix, written))
  }
  const record = findRecord(root)
  const recordText = recordElement('lenslore', rdfPrefix, written)
  if (record) edits.push({ start: record.start, end: record.end, text: recordText })
  else missing.push(recordText)
  if (missing.length > 0) edits.push(appended(text, root, rdf, rdfPrefix, missing))

  const result = applyEdits(text, edits)
  check(text, result, written.text)
  return result
}

function findRecord(root: XmlElement): XmlElement | undefined {
  return descriptionsOf(root)
    .flatMap((description) => description.children)
    .find(isRecord)
}

function isRecord(element: XmlElement): boolean {
  return element.uri === namespaces.lenslore && element.local === captionRecord
}

/** Sentences in other languages than the caption's are someone's work and stay. */
function editsOfSentence(text: string, element: XmlElement, local: string, caption: Sentence): Edit[] {
  const alternatives = element.children.find((child) => isRdf(child, 'Alt'))
  const items = alternatives?.children.filter((child) => isRdf(child, 'li')) ?? []
  const rdfPrefix = prefixFor(element, namespaces.rdf)
  const first = items[0]
  if (!first) {
    const name = nameIn(text, element)
    const prefix = name.includes(':') ? name.slice(0, name.indexOf(':')) : ''
    return [
      { start: element.start, end: element.end, text: sentenceElement(prefix, local, rdfPrefix, caption) },
    ]
  }
  const edits: Edit[] = []
  const standard = items.find((item) => (languageOf(item) ?? 'x-default') === 'x-default')
  const own = caption.language && items.find((item) => sameLanguage(languageOf(item), caption.language!))
  for (const item of [standard, own]) {
    if (item) edits.push(contentEdit(text, item, caption.text))
  }
  if (!standard) {
    const gap = text.slice(alternatives!.contentStart, first.start)
    const added = `${listItem(rdfPrefix, 'x-default', caption.text)}${/^\s*$/.test(gap) ? gap : ''}`
    edits.push({ start: first.start, end: first.start, text: added })
  }
  if (caption.language && !own) {
    const last = items.at(-1)!
    const gap = text.slice(alternatives!.contentStart, first.start)
    const added = `${/^\s*$/.test(gap) ? gap : ''}${listItem(rdfPrefix, caption.language, caption.text)}`
    edits.push({ start: last.end, end: last.end, text: added })
  }
  return edits
}

function contentEdit(text: string, element: XmlElement, content: string): Edit {
  if (element.contentEnd < element.end) {
    return { start: element.contentStart, end: element.contentEnd, text: escapeXml(content) }
  }
  const name = nameIn(text, element)
  const startTag = text.slice(element.start, element.contentStart).replace(/\s*\/>$/, '>')
  return {
    start: element.start,
    end: element.end,
    text: element.end === element.contentStart ? `${startTag}${escapeXml(content)}</${name}>` : startTag,
  }
}

function sentenceElement(prefix: string, local: string, rdfPrefix: string, caption: Sentence): string {
  const name = prefix === '' ? local : `${prefix}:${local}`
  const declared = prefix === '' ? `xmlns="${namespaces.dc}"` : `xmlns:${prefix}="${namespaces.dc}"`
  const items = [listItem(rdfPrefix, 'x-default', caption.text)]
  if (caption.language) items.push(listItem(rdfPrefix, caption.language, caption.text))
  return `<${name} ${declared}><${rdfPrefix}Alt>${items.join('')}</${rdfPrefix}Alt></${name}>`
}

function listItem(rdfPrefix: string, language: string, text: string): string {
  return `<${rdfPrefix}li xml:lang="${escapeXml(language)}">${escapeXml(text)}</${rdfPrefix}li>`
}

function recordElement(prefix: string, rdfPrefix: string, caption: CaptionToWrite): string {
  const fields: [local: string, value: string | null][] = [
    ['Text', caption.text],
    ['Source', caption.source],
    ['Model', caption.modelId],
    ['Adapter', caption.adapterId],
    ['Content', caption.contentHash],
    ['Language', caption.language],
    ['Written', caption.writtenAt],
    ...doubtFields(caption),
  ]
  const inner = fields
    .filter(([, value]) => value !== null)
    .map(([local, value]) => `<${prefix}:${local}>${escapeXml(value!)}</${prefix}:${local}>`)
  const name = `${prefix}:${captionRecord}`
  const declared = `xmlns:${prefix}="${namespaces.lenslore}"`
  return `<${name} ${declared} ${rdfPrefix}parseType="Resource">${inner.join('')}</${name}>`
}

/** Offsets of doubtful words are UTF-16's, in the record's own text. */
function doubtFields({ doubt }: CaptionToWrite): [local: string, value: string][] {
  if (!doubt) return []
  const words = doubt.doubtfulWords.map(([start, end]) => `${start}-${end}`)
  return [
    ['Confidence', String(doubt.confidence)],
    ['Unsure', doubt.isUnsure ? 'True' : 'False'],
    ...(words.length > 0 ? [['Doubtful', words.join(' ')] as [string, string]] : []),
  ]
}

/** Sets the default sentence of another property of Dublin Core. @throws XmlError */
export function setSentence(text: string, local: string, sentence: string): string {
  const root = parseXml(text)
  const rdf = rdfOf(root)
  const rdfPrefix = prefixFor(rdf, namespaces.rdf)
  const written = { text: sentence, language: null }
  const place = findProperty(root, { prefix: 'dc', local })
  if (place?.attribute) {
    const { start, end } = place.attribute
    return applyEdits(text, [{ start, end, text: escapeXml(sentence) }])
  }
  if (place?.element) return applyEdits(text, editsOfSentence(text, place.element, local, written))
  const element = sentenceElement('dc', local, rdfPrefix, written)
  return applyEdits(text, [appended(text, root, rdf, rdfPrefix, [element])])
}

/** A description of its own just before the end of rdf:RDF, in the line ends and indentation around it. */
export function appended(
  text: string,
  root: XmlElement,
  rdf: XmlElement,
  rdfPrefix: string,
  elements: readonly string[],
): Edit {
  const lineEnd = text.includes('\r\n') ? '\r\n' : '\n'
  const first = descriptionsOf(root)[0]
  const about = (first && attributeOf(first, namespaces.rdf, 'about')?.value) ?? ''
  const block = [
    `  <${rdfPrefix}Description ${rdfPrefix}about="${escapeXml(about)}">`,
    ...elements.map((element) => `   ${element}`),
    `  </${rdfPrefix}Description>`,
  ].join(lineEnd)
  if (rdf.contentEnd < rdf.end) {
    const lineStart = text.lastIndexOf('\n', rdf.contentEnd - 1) + 1
    const ownLine = lineStart > rdf.contentStart && /^[ \t]*$/.test(text.slice(lineStart, rdf.contentEnd))
    if (ownLine) return { start: lineStart, end: lineStart, text: block + lineEnd }
    return { start: rdf.contentEnd, end: rdf.contentEnd, text: lineEnd + block + lineEnd }
  }
  const startTag = text.slice(rdf.start, rdf.contentStart).replace(/\s*\/>$/, '>')
  const inside = `${lineEnd}${block}${lineEnd}</${nameIn(text, rdf)}>`
  return { start: rdf.start, end: rdf.end, text: startTag + inside }
}

export function applyEdits(text: string, edits: readonly Edit[]): string {
  let result = ''
  let at = 0
  for (const edit of [...edits].sort((a, b) => a.start - b.start || a.end - b.end)) {
    result += text.slice(at, edit.start) + edit.text
    at = edit.end
  }
  return result + text.slice(at)
}

/** Reads the new text and compares it with the old: the caption as wanted, all else the same. */
function check(before: string, after: string, caption: string): void {
  const found = captionInSidecar(after)
  const ours = new Set([`${namespaces.dc}description`, `${namespaces.lenslore}${captionRecord}`])
  if (found !== caption || othersWords(after, ours) !== othersWords(before, ours)) {
    throw new XmlError('its structure does not allow the caption to be changed alone')
  }
}

/**
 * All that a sidecar says besides some properties, in a comparable form.
 * @param ours by namespace and name in one.
 */
export function othersWords(text: string, ours: ReadonlySet<string>): string {
  const describe = (element: XmlElement): unknown => {
    const children = element.children
      .filter((child) => !ours.has(child.uri + child.local))
      .map(describe)
      .filter((child) => child !== null)
    const attributes = element.attributes
      .filter((attribute) => !isNamespaceDeclaration(attribute))
      .filter((attribute) => !ours.has(attribute.uri + attribute.local))
      .map((attribute) => [attribute.uri, attribute.local, attribute.value])
    const isBare = isRdf(element, 'Description') && children.length === 0
    if (isBare && attributes.every(([uri]) => uri === namespaces.rdf)) return null
    return [element.uri, element.local, attributes, element.text.trim(), children]
  }
  return JSON.stringify(describe(parseXml(text)))
}

function sameLanguage(a: string | undefined, b: string): boolean {
  return a?.toLowerCase() === b.toLowerCase()
}

/** With its colon. @throws XmlError where the namespace has none: attributes of RDF could not be written. */
export function prefixFor(element: XmlElement, uri: string): string {
  for (const prefix in element.prefixes) {
    if (prefix !== '' && element.prefixes[prefix] === uri) return `${prefix}:`
  }
  throw new XmlError('no prefix for RDF')
}

function nameIn(text: string, element: XmlElement): string {
  return /^<([^\s/>]+)/.exec(text.slice(element.start, element.contentStart))![1]!
}
