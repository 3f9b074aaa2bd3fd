import assert from 'node:assert/strict'
import { test } from 'node:test'
import { userComment } from '../../../src-main/library/metadata/exif.ts'
import { metadataFromIptc } from '../../../src-main/library/metadata/iptc.ts'
import { offsetFromSatelliteTime, parseTakenTime } from '../../../src-main/library/metadata/taken-time.ts'
import {
  cameraName,
  isBoilerplate,
  lensName,
  readableText,
} from '../../../src-main/library/metadata/words.ts'

const bytes = (text: string, encoding: BufferEncoding = 'latin1') => [...Buffer.from(text, encoding)]

test('what cameras write into every picture is no caption, in the fields that they fill', () => {
  const listed = ['OLYMPUS DIGITAL CAMERA', 'SAMSUNG', 'Default', 'EPSON DSC picture', '<MENU>', '***', '-']
  for (const text of listed) {
    for (const field of ['exif:UserComment', 'xmp:dc:description', 'iptc:Caption-Abstract']) {
      assert.ok(isBoilerplate(text, field), `${field} ${text}`)
    }
  }
  const numbers = ['DSC00019', 'ICM107B', '000007', 'ACME DIGITAL CAMERA', 'oplus_1048608', '!!!']
  for (const text of numbers) assert.ok(isBoilerplate(text, 'exif:ImageDescription'), text)
})

test('what only resembles a camera’s words is somebody’s, above all where programs write captions', () => {
  const sentences = [
    'Grandpa with his new digital camera',
    'My digital camera',
    'Created with glue and paper by Mia',
    'Edited with Opa',
    'Olympus digital camera',
    'My Samsung at the beach',
    'DSC meeting in Oslo',
    '1987',
  ]
  for (const text of sentences) {
    for (const field of ['exif:ImageDescription', 'xmp:dc:description'])
      assert.ok(!isBoilerplate(text, field))
  }
  for (const text of ['BMW320', '19890714', '!!!', 'DSC00019']) {
    for (const field of ['xmp:dc:description', 'iptc:Caption-Abstract', 'takeout:description']) {
      assert.ok(!isBoilerplate(text, field), `${field} ${text}`)
    }
  }
})

test('a text is readable, short or in any script, and bytes that are no language are none', () => {
  for (const text of ['Rex', '1987', 'Oma, 80', '海', '🐕']) assert.equal(readableText(` ${text}\0`), text)
  for (const text of ['        ', '\0\0\0\0', '\u0001\u0002a\u0003\u0004'])
    assert.equal(readableText(text), null)
})

test('a camera is named once', () => {
  assert.equal(cameraName('Canon', 'Canon PowerShot S40'), 'Canon PowerShot S40')
  assert.equal(cameraName('NIKON CORPORATION', 'NIKON D70'), 'NIKON D70')
  assert.equal(cameraName('OLYMPUS IMAGING CORP.  ', 'E-P3            '), 'OLYMPUS E-P3')
  assert.equal(cameraName('EASTMAN KODAK COMPANY', 'KODAK DC210'), 'KODAK DC210')
  assert.equal(cameraName('SAMSUNG TECHWIN Co.', 'Digimax'), 'SAMSUNG Digimax')
  assert.equal(cameraName('Apple', null), 'Apple')
  assert.equal(cameraName(null, 'X100'), 'X100')
  assert.equal(cameraName(' ', '\0'), null)
})

test('a lens that the camera does not know is none', () => {
  for (const text of ['----', '0.0 mm f/0.0', 'Unknown', '']) assert.equal(lensName(text), null)
  assert.equal(lensName('50mm f/1.8\0'), '50mm f/1.8')
})

test('dates of every writer are read, and impossible ones are not', () => {
  assert.deepEqual(parseTakenTime('2004:04:26 13:55:57'), {
    takenAt: '2004-04-26T13:55:57',
    offsetMinutes: null,
  })
  assert.deepEqual(parseTakenTime('2004-04-26T13:55:57.12-05:30'), {
    takenAt: '2004-04-26T13:55:57',
    offsetMinutes: -330,
  })
  assert.deepEqual(parseTakenTime('20040426 135557+0200'), {
    takenAt: '2004-04-26T13:55:57',
    offsetMinutes: 120,
  })
  assert.deepEqual(parseTakenTime('2004-04-26T13:55Z'), { takenAt: '2004-04-26T13:55:00', offsetMinutes: 0 })
  assert.deepEqual(parseTakenTime('20040426'), { takenAt: '2004-04-26T00:00:00', offsetMinutes: null })
  for (const text of [
    '0000:00:00 00:00:00',
    '2004:02:30 10:00:00',
    '2004:04:26 25:00:00',
    '    :  :     :  :  ',
    '2004',
    '',
  ]) {
    assert.equal(parseTakenTime(text), null, text)
  }
})

test('the zone follows from the satellites, where they agree with the clock', () => {
  assert.equal(offsetFromSatelliteTime('2018-02-05T15:11:44', '2018-02-05T07:11:43', null), 480)
  assert.equal(offsetFromSatelliteTime('2018-01-01T01:00:00', '2017-12-31T19:15:01', null), 345)
  assert.equal(offsetFromSatelliteTime('2018-02-05T15:11:44', '2018-02-05T07:05:00', null), null)
  assert.equal(offsetFromSatelliteTime('2018-02-05T15:11:44', '2018-02-01T07:11:44', null), null)
})

test('a zone that no place so far east or west has is not believed', () => {
  const utc = '2022-01-10T21:15:33'
  const zoneAt = (takenAt: string, longitude: number) => offsetFromSatelliteTime(takenAt, utc, longitude)
  assert.equal(zoneAt('2022-01-10T15:15:44', -108.4), -360)
  assert.equal(zoneAt('2022-01-10T21:15:44', -108.4), null)
  // Galicia in summer, Kashgar, Gambell in summer, and an island east of the date line that counts as west.
  assert.equal(zoneAt('2022-01-10T23:15:33', -9.3), 120)
  assert.equal(zoneAt('2022-01-11T05:15:33', 76), 480)
  assert.equal(zoneAt('2022-01-10T13:15:33', -171.7), -480)
  assert.equal(zoneAt('2022-01-11T11:15:33', -157.4), 840)
})

test('a user comment is read in the encoding it names, UTF-16 in either order', () => {
  assert.equal(userComment(bytes('ASCII\0\0\0plain\0rest')), 'plain')
  assert.equal(userComment([...bytes('UNICODE\0'), ...bytes('Großmutter', 'utf16le')]), 'Großmutter')
  const bigEndian = [...Buffer.from('Großmutter', 'utf16le').swap16()]
  assert.equal(userComment([...bytes('UNICODE\0'), ...bigEndian]), 'Großmutter')
  const japanese = Buffer.from('日本語コメント', 'utf16le')
  assert.equal(userComment([...bytes('UNICODE\0'), ...japanese]), '日本語コメント')
  assert.equal(userComment([...bytes('UNICODE\0'), ...Buffer.from(japanese).swap16()]), '日本語コメント')
  assert.equal(userComment([...bytes('JIS\0\0\0\0\0'), 0x1b, 0x24, 0x42, 0x33, 0x24]), '海')
  assert.equal(userComment([...bytes('\0\0\0\0\0\0\0\0'), ...bytes('café', 'utf8')]), 'café')
  assert.equal(userComment(bytes('ASCII')), null)
})

test('IPTC text is UTF-8 where the record says so or it is, else Windows-1252', () => {
  const caption = (content: number[], charset?: number[]) =>
    metadataFromIptc({
      'Caption/Abstract': { value: content },
      ...(charset && { 'Coded Character Set': { value: charset } }),
    }).captions[0]?.text
  assert.equal(caption(bytes('Håvard', 'utf8'), [0x1b, 0x25, 0x47]), 'Håvard')
  assert.equal(caption(bytes('Håvard', 'utf8')), 'Håvard')
  assert.equal(
    caption(bytes('Håvard – \x80', 'latin1').map((byte) => (byte === 0x13 ? 0x96 : byte))),
    'Håvard – €',
  )
})
