import sax from 'sax'

/**
 * XML as a tree whose nodes know where they stand in the text, so that an edit can replace exactly those
 * characters. The parser (sax) expands no entities but the five of XML and has no document types, so a file
 * cannot make it grow.
 */

export interface XmlAttribute {
  uri: string
  local: string
  value: string
  /** UTF-16 offsets of the value between its quotes. */
  start: number
  end: number
}

export interface XmlElement {
  uri: string
  local: string
  attributes: XmlAttribute[]
  children: XmlElement[]
  /** Character data directly inside, joined. */
  text: string
  /** Prefix → namespace as bound inside this element; outer ones are inherited properties. */
  prefixes: Readonly<Record<string, string>>
  /** UTF-16 offsets of `<` of the start tag, and past `>` of the start tag. */
  start: number
  contentStart: number
  /** UTF-16 offsets of `<` of the end tag, and past its `>`. Both past `/>` for an element without content. */
  contentEnd: number
  end: number
}

/** The text is not well-formed, or larger or deeper than any sane metadata. */
export class XmlError extends Error {
  override readonly name = 'XmlError'
}

const maxLength = 32 * 1024 * 1024
const maxDepth = 128
const maxElements = 100_000
/** sax copies all bindings in force at every end tag, so many of them would make a small file take minutes. */
const maxNamespaces = 200
const maxCopiedBindings = 3_000_000
/** sax compares each attribute with all before it, and tells of none before the tag's end. */
const maxAttributes = 2000
const maxAllAttributes = 200_000
const pieceLength = 2 ** 16
const xmlNamespace = 'http://www.w3.org/XML/1998/namespace'
const xmlnsNamespace = 'http://www.w3.org/2000/xmlns/'
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML 1.0 allows nowhere.
const forbidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/

/**
 * Parses one document.
 * @param boundPrefixes makes the reader lenient: namespaces for prefixes that the text uses without declaring
 * them (some cameras and editors forget to), and control characters, which some let through, are no error.
 * @throws XmlError
 */
export function parseXml(text: string, boundPrefixes?: Readonly<Record<string, string>>): XmlElement {
  if (text.length > maxLength) throw new XmlError(`more than ${maxLength} characters`)
  const control = boundPrefixes ? null : forbidden.exec(text)
  if (control) throw new XmlError(`a character at ${control.index} that XML does not allow`)

  const parser = new sax.SAXParser(true, { xmlns: true, position: true })
  const open: XmlElement[] = []
  let root: XmlElement | undefined
  let elements = 0
  let attributes = 0
  let namespaces = 0
  let bindings = 0
  let copiedBindings = 0
  const boundBy: number[] = []

  parser.onerror = (error) => {
    if (boundPrefixes && error.message.startsWith('Unbound namespace prefix')) {
      parser.resume()
      return
    }
    throw new XmlError(error.message.replaceAll('\n', ', ').toLowerCase())
  }
  parser.ondoctype = () => {
    throw new XmlError('a document type, which metadata never has')
  }
  parser.onopentag = (tag) => {
    if (!('ns' in tag)) return
    if (++elements > maxElements) throw new XmlError(`more than ${maxElements} elements`)
    if (open.length >= maxDepth) throw new XmlError(`elements nested deeper than ${maxDepth}`)
    const start = parser.startTagPosition - 1
    const contentStart = parser.position
    const spans = attributeSpans(text, start, contentStart)
    const names = Object.keys(tag.attributes)
    if (names.length > maxAttributes) throw new XmlError(`more than ${maxAttributes} attributes`)
    attributes += names.length
    if (attributes > maxAllAttributes) throw new XmlError(`more than ${maxAllAttributes} attributes in all`)
    const bound = names.filter((name) => name.startsWith('xmlns')).length
    namespaces += bound
    bindings += bound
    copiedBindings += bindings
    boundBy.push(bound)
    if (namespaces > maxNamespaces) throw new XmlError(`more than ${maxNamespaces} namespaces`)
    if (copiedBindings > maxCopiedBindings) throw new XmlError('too many elements below many namespaces')
    if (spans.size !== names.length) throw new XmlError('an attribute given twice')
    const namespaceOf = (uri: string, prefix: string) =>
      uri === prefix && boundPrefixes ? (boundPrefixes[prefix] ?? uri) : uri
    const element: XmlElement = {
      uri: namespaceOf(tag.uri, tag.prefix),
      local: tag.local,
      attributes: names.map((name) => {
        const attribute = tag.attributes[name]!
        const [valueStart, valueEnd] = spans.get(name) ?? [start, start]
        const uri = attribute.prefix === 'xml' ? xmlNamespace : namespaceOf(attribute.uri, attribute.prefix)
        return { uri, local: attribute.local, value: attribute.value, start: valueStart, end: valueEnd }
      }),
      children: [],
      text: '',
      prefixes: tag.ns as Record<string, string>,
      start,
      contentStart,
      contentEnd: contentStart,
      end: contentStart,
    }
    if (open.length > 0) open.at(-1)!.children.push(element)
    else if (root) throw new XmlError('two root elements')
    else root = element
    open.push(element)
  }
  const addText = (characters: string) => {
    const element = open.at(-1)
    if (element) element.text += characters
  }
  parser.ontext = addText
  parser.oncdata = addText
  parser.onclosetag = () => {
    const element = open.pop()!
    bindings -= boundBy.pop()!
    element.end = parser.position
    if (element.end > element.contentStart) element.contentEnd = text.lastIndexOf('</', element.end - 1)
  }

  const inner = parser as unknown as {
    attribList: unknown[]
    attribValue: string
    bufferCheckPosition: number
  }
  // Handed over in pieces, it would refuse values longer than one.
  inner.bufferCheckPosition = Number.POSITIVE_INFINITY
  for (let at = 0; at < text.length; at += pieceLength) {
    parser.write(text.slice(at, at + pieceLength))
    // A value put together from single characters takes 40 bytes for each, until it is looked into.
    if (at % (16 * pieceLength) === 0) inner.attribValue.charCodeAt(0)
    if (inner.attribList.length > maxAttributes) throw new XmlError(`more than ${maxAttributes} attributes`)
  }
  parser.close()
  if (!root) throw new XmlError('no element at all')
  return root
}

export function attributeOf(element: XmlElement, uri: string, local: string): XmlAttribute | undefined {
  return element.attributes.find((attribute) => attribute.uri === uri && attribute.local === local)
}

export function isNamespaceDeclaration(attribute: XmlAttribute): boolean {
  return attribute.uri === xmlnsNamespace || attribute.local === 'xmlns'
}

export function languageOf(element: XmlElement): string | undefined {
  return attributeOf(element, xmlNamespace, 'lang')?.value
}

/** Text as content or attribute value, without the characters that XML cannot hold at all. */
export function escapeXml(text: string): string {
  return xmlText(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&apos;')
    .replace(/[\t\n\r\u0085\u2028]/g, (character) => `&#${character.charCodeAt(0)};`)
}

/** What of a text XML can hold: control characters go, a lone surrogate becomes U+FFFD. */
export function xmlText(text: string): string {
  return text.toWellFormed().replace(new RegExp(forbidden, 'g'), '')
}

/** Where the values of a start tag's attributes stand; the tag is known to be well-formed. */
function attributeSpans(text: string, start: number, end: number): Map<string, [number, number]> {
  const spans = new Map<string, [number, number]>()
  const attribute = /([^\s=<>"'/]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/gy
  let at = start + 1
  while (at < end && !/[\s/>]/.test(text[at]!)) at++
  let seen = 0
  for (;;) {
    while (at < end && /\s/.test(text[at]!)) at++
    attribute.lastIndex = at
    const match = attribute.exec(text)
    if (!match || match.index >= end) break
    at = attribute.lastIndex
    spans.set(match[1]!, [at - 1 - (match[2] ?? match[3])!.length, at - 1])
    seen++
  }
  if (seen !== spans.size) throw new XmlError('an attribute given twice')
  return spans
}
