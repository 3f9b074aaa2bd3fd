import {
  attributeOf,
  isNamespaceDeclaration,
  languageOf,
  parseXml,
  type XmlAttribute,
  type XmlElement,
  XmlError,
} from './xml.ts'

/** The namespaces that metadata of photos uses, by their customary prefixes. */
export const namespaces = {
  rdf: 'http://www.w3.org/1999/02/22-rdf-syntax-ns#',
  x: 'adobe:ns:meta/',
  dc: 'http://purl.org/dc/elements/1.1/',
  xmp: 'http://ns.adobe.com/xap/1.0/',
  exif: 'http://ns.adobe.com/exif/1.0/',
  exifEX: 'http://cipa.jp/exif/1.0/',
  aux: 'http://ns.adobe.com/exif/1.0/aux/',
  tiff: 'http://ns.adobe.com/tiff/1.0/',
  photoshop: 'http://ns.adobe.com/photoshop/1.0/',
  Iptc4xmpCore: 'http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/',
  Iptc4xmpExt: 'http://iptc.org/std/Iptc4xmpExt/2008-02-29/',
  lr: 'http://ns.adobe.com/lightroom/1.0/',
  digiKam: 'http://www.digikam.org/ns/1.0/',
  MicrosoftPhoto: 'http://ns.microsoft.com/photo/1.0',
  MP: 'http://ns.microsoft.com/photo/1.2/',
  MPRI: 'http://ns.microsoft.com/photo/1.2/t/RegionInfo#',
  MPReg: 'http://ns.microsoft.com/photo/1.2/t/Region#',
  'mwg-rs': 'http://www.metadataworkinggroup.com/schemas/regions/',
  stArea: 'http://ns.adobe.com/xmp/sType/Area#',
  stDim: 'http://ns.adobe.com/xap/1.0/sType/Dimensions#',
  acdsee: 'http://ns.acdsee.com/iptc/1.0/',
  /** Our own: what Lenslore says about a caption it exported. */
  lenslore: 'urn:lenslore:xmp:1.0/',
} as const
/** The structure, in our namespace, with all that Lenslore says about an exported caption. */
export const captionRecord = 'CaptionRecord'
/** The same of what a person says besides captions, and of what stood in its place. */
export const marksRecord = 'MarksRecord'
/** Of one list; the rest of a longer one is left out. */
const maxItems = 10_000
export type Prefix = keyof typeof namespaces

export interface Property {
  prefix: Prefix
  local: string
}

export type PropertyPlace =
  | { attribute: XmlAttribute; element?: undefined }
  | { element: XmlElement; attribute?: undefined }

/** One value of XMP's data model. Text, items and fields exclude each other in sound files. */
export interface XmpValue {
  text: string
  language: string | null
  items: XmpValue[]
  fields: XmpProperties
}

/** Properties or fields by namespace and local name. */
export interface XmpProperties {
  get(prefix: Prefix, local: string): XmpValue | undefined
}

class PropertyMap implements XmpProperties {
  readonly #values = new Map<string, XmpValue>()

  get(prefix: Prefix, local: string): XmpValue | undefined {
    return this.#values.get(namespaces[prefix] + local)
  }

  /** The first of a name stays: a property is allowed once, and readers take the first. */
  add(uri: string, local: string, value: XmpValue): void {
    if (!this.#values.has(uri + local)) this.#values.set(uri + local, value)
  }
}

/**
 * Reads the properties of an XMP packet or sidecar. Prefixes that are customary need no declaration.
 * @throws XmlError where the text is not well-formed, or holds no `rdf:RDF`.
 */
export function readXmp(text: string): XmpProperties {
  const properties = new PropertyMap()
  for (const description of descriptionsOf(parseXml(packetOf(text), namespaces))) {
    addProperties(properties, description)
  }
  return properties
}

/**
 * All top-level `rdf:Description` elements, in order.
 * @throws XmlError without an `rdf:RDF`.
 */
export function descriptionsOf(root: XmlElement): XmlElement[] {
  return rdfOf(root).children.filter((child) => isRdf(child, 'Description'))
}

/** Where a property stands: its attribute's value or its element, the first of them. @throws XmlError without an `rdf:RDF`. */
export function findProperty(root: XmlElement, { prefix, local }: Property): PropertyPlace | undefined {
  const uri = namespaces[prefix]
  for (const description of descriptionsOf(root)) {
    const attribute = attributeOf(description, uri, local)
    if (attribute) return { attribute }
    const element = description.children.find((child) => child.uri === uri && child.local === local)
    if (element) return { element }
  }
  return undefined
}

/** @throws XmlError where there is none, as the root or as the child of `x:xmpmeta`. */
export function rdfOf(root: XmlElement): XmlElement {
  const rdf = isRdf(root, 'RDF') ? root : root.children.find((child) => isRdf(child, 'RDF'))
  if (!rdf) throw new XmlError('no rdf:RDF, so this is no XMP')
  return rdf
}

export function isRdf(element: XmlElement, local: string): boolean {
  return element.uri === namespaces.rdf && element.local === local
}

/** Embedded packets are padded with NULs by some writers, and start with junk in a few. */
function packetOf(text: string): string {
  const start = text.indexOf('<')
  const end = text.lastIndexOf('>')
  return start === -1 ? '' : text.slice(start, end + 1)
}

function addProperties(properties: PropertyMap, element: XmlElement): void {
  for (const attribute of element.attributes) {
    if (isNamespaceDeclaration(attribute) || attribute.uri === namespaces.rdf || attribute.uri === '')
      continue
    properties.add(attribute.uri, attribute.local, simpleValue(attribute.value))
  }
  for (const child of element.children) {
    // What is a list or a structure itself is read by `propertyValue`; here it would be read again at each depth.
    if (!isList(child) && !isRdf(child, 'Description')) {
      properties.add(child.uri, child.local, propertyValue(child))
    }
  }
}

function isList(element: XmlElement): boolean {
  return isRdf(element, 'Bag') || isRdf(element, 'Seq') || isRdf(element, 'Alt')
}

function propertyValue(element: XmlElement): XmpValue {
  const resource = attributeOf(element, namespaces.rdf, 'resource')
  const value = simpleValue(resource?.value ?? element.text)
  value.language = languageOf(element) ?? null
  const fields = new PropertyMap()
  value.fields = fields
  addProperties(fields, element)
  for (const child of element.children) {
    if (isList(child)) {
      const items = child.children.filter((item) => isRdf(item, 'li'))
      value.items = items.slice(0, maxItems).map(propertyValue)
    } else if (isRdf(child, 'Description')) {
      addProperties(fields, child)
    }
  }
  const qualified = fields.get('rdf', 'value')
  if (qualified) value.text = qualified.text
  return value
}

function simpleValue(text: string): XmpValue {
  return { text: text.replaceAll('\r\n', '\n'), language: null, items: [], fields: new PropertyMap() }
}
