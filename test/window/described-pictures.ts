import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makePicture } from './open-window.ts'

export interface Described {
  name: string
  caption: string
  /** `YYYY-MM-DD` */
  taken: string
  keywords?: string[]
  title?: string
  people?: string[]
}

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
const items = (words: readonly string[], list: 'Alt' | 'Bag') =>
  `<rdf:${list}>${words.map((word) => `<rdf:li xml:lang="x-default">${escaped(word)}</rdf:li>`).join('')}</rdf:${list}>`

/** A picture with a sidecar that says what is on it and when it was taken. */
export async function makeDescribed(
  folder: string,
  { name, caption, taken, keywords = [], title, people = [] }: Described,
  number: number,
): Promise<void> {
  await makePicture(join(folder, name), number)
  writeFileSync(
    join(folder, `${name}.xmp`),
    `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
      <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:exif="http://ns.adobe.com/exif/1.0/"
        xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
        exif:DateTimeOriginal="${taken}T12:00:00"><dc:description>${items([caption], 'Alt')}</dc:description>
        <dc:title>${items(title === undefined ? [] : [title], 'Alt')}</dc:title>
        <Iptc4xmpExt:PersonInImage>${items(people, 'Bag')}</Iptc4xmpExt:PersonInImage>
        <dc:subject>${items(keywords, 'Bag')}</dc:subject></rdf:Description></rdf:RDF></x:xmpmeta>`,
  )
}

export async function makeAllDescribed(folder: string, photos: readonly Described[]): Promise<void> {
  for (const [number, photo] of photos.entries()) await makeDescribed(folder, photo, number)
}

/** What must stand as text wherever it is shown. */
export const hostile = `<img src=x onerror="document.title='owned'"> \u202eevil\u202c 👩‍👩‍👧 & "quoted"`
