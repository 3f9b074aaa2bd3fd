import { buildTiff, exifFields, gpsFields, mainFields } from './sample-tiff.ts'

export function box(type: string, ...contents: Buffer[]): Buffer {
  const content = Buffer.concat(contents)
  const head = Buffer.alloc(8)
  head.writeUInt32BE(8 + content.length)
  head.write(type, 4, 'latin1')
  return Buffer.concat([head, content])
}

/** A box with its length in 64 bits, as the one with the pictures has. */
export function longBox(type: string, content: Buffer): Buffer {
  const head = Buffer.alloc(16)
  head.writeUInt32BE(1)
  head.write(type, 4, 'latin1')
  head.writeBigUInt64BE(BigInt(16 + content.length), 8)
  return Buffer.concat([head, content])
}

export const fileType = box('ftyp', Buffer.from('crx \0\0\0\u0001crx isom', 'latin1'))
const canonId = Buffer.from('85c0b687820f11e08111f4ce462b6a48', 'hex')
const xmpId = Buffer.from('be7acfcb97a942e89c71999491e3afac', 'hex')

/** The boxes of a Canon raw file that speak of the picture, in their order, and where its pixels would be. */
export function buildCr3(xmp?: string): Buffer {
  return Buffer.concat([
    fileType,
    box(
      'moov',
      box(
        'uuid',
        canonId,
        box('CNCV', Buffer.from('CanonCR3_001/00.10.00/00.00.00')),
        box('CMT1', buildTiff(mainFields)),
        box('CMT2', buildTiff(exifFields)),
        box('CMT3', buildTiff([[6, 'ascii', 'Canon EOS R6']])),
        box('CMT4', buildTiff(gpsFields)),
      ),
      box('mvhd', Buffer.alloc(100)),
    ),
    ...(xmp === undefined ? [] : [box('uuid', xmpId, Buffer.from(xmp))]),
    longBox('mdat', Buffer.alloc(64)),
  ])
}
