import assert from 'node:assert/strict'
import { test } from 'node:test'
import { userComment } from '../../../src-main/library/metadata/exif.ts'
import { metadataFromIptc } from '../../../src-main/library/metadata/iptc.ts'
import {
  chooseDate,
  type DateKind,
  type FoundDate,
  offsetFromSatelliteTime,
  parseTakenTime,
} from '../../../src-main/library/metadata/taken-time.ts'
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
    fractionMs: 120,
  })
  assert.deepEqual(parseTakenTime('20040426 135557+0200'), {
    takenAt: '2004-04-26T13:55:57',
    offsetMinutes: 120,
  })
  assert.deepEqual(parseTakenTime('2004-04-26T13:55Z'), { takenAt: '2004-04-26T13:55:00', offsetMinutes: 0 })
  assert.deepEqual(parseTakenTime('2004-04-26T13:55+02'), {
    takenAt: '2004-04-26T13:55:00',
    offsetMinutes: 120,
  })
  for (const text of [
    '0000:00:00 00:00:00',
    '2004:02:30 10:00:00',
    '2004:13:00 10:00:00',
    '    :  :     :  :  ',
    '0000',
    '20041399',
    'today',
    '',
  ]) {
    assert.equal(parseTakenTime(text), null, text)
  }
})

test('of a date as much is kept as it says, of an odd one at least the day', () => {
  for (const [text, kept] of [
    ['1955', '1955'],
    ['1955-06', '1955-06'],
    ['19550000', '1955'],
    ['19550600', '1955-06'],
    ['1955:00:00 00:00:00', '1955'],
    ['1955:06:     :  :  ', '1955-06'],
    ['20040426', '2004-04-26'],
    ['2004:04:26   :  :  ', '2004-04-26'],
    ['2004:04:26 25:00:00', '2004-04-26'],
    ['2019:02:03 24:00:00', '2019-02-03'],
    ['2004:04:26 13:61:00', '2004-04-26'],
    ['2004-04-26 about noon', '2004-04-26'],
    ['2008: 3: 9  8: 9:10', '2008-03-09T08:09:10'],
    ['2008:03:09 08:09:10 pm', '2008-03-09T20:09:10'],
    ['2008:03:09 12:09:10 a.m.', '2008-03-09T00:09:10'],
    ['2016:12:31 23:59:60', '2016-12-31T23:59:59'],
  ] as const) {
    assert.equal(parseTakenTime(text)?.takenAt, kept, text)
  }
})

test('what is in the picture goes before when it became a file, and that before when a program saved it', () => {
  const date = (takenAt: string, kind: DateKind, more: Partial<FoundDate> = {}): FoundDate => ({
    takenAt,
    offsetMinutes: null,
    kind,
    ...more,
  })
  const saved = date('2010-05-05T10:00:00', 'saved')
  const chosen = (...dates: FoundDate[]) => chooseDate(dates)?.takenAt
  const original = date('2004-04-26T13:55:57', 'original')
  assert.equal(chosen(saved, date('2009-01-01T00:00:00', 'digitized'), original), original.takenAt)
  assert.equal(chosen(saved, date('2009-01-01T00:00:00', 'digitized')), '2009-01-01T00:00:00')
  assert.equal(chosen(saved, date('2012-01-01T00:00:00', 'digitized')), saved.takenAt)
  assert.equal(
    chosen(saved, date('2010-05-05T08:00:00', 'upload')),
    saved.takenAt,
    'the same, by another clock',
  )
  assert.equal(chosen(saved, date('2003-05-05T08:00:00', 'upload')), '2003-05-05T08:00:00')
  assert.equal(chosen(date('2003-05-05T08:00:00', 'upload')), '2003-05-05T08:00:00')
  assert.equal(chooseDate([]), null)
  const scanned = date('2018-03-03T09:00:00', 'original')
  const of = (takenAt: string) => date(takenAt, 'original', { isOfContent: true })
  assert.equal(chosen(scanned, of('1955')), '1955')
  assert.equal(chosen(scanned, of('1955-06-12T11:00:00')), '1955-06-12T11:00:00')
  assert.equal(chosen(scanned, of('2018-03-03T09:00:00')), scanned.takenAt)
  assert.equal(chosen(scanned, of('2000-01-01T00:00:00')), scanned.takenAt, 'a clock that was reset')
  assert.equal(chosen(scanned, of('2018')), scanned.takenAt, 'the same, with less of it')
  assert.equal(
    chosen(date('2008-03-09', 'original'), date('2008-03-09T08:00:00', 'digitized')),
    '2008-03-09T08:00:00',
  )
  assert.deepEqual(chooseDate([original, date(original.takenAt, 'digitized', { offsetMinutes: 60 })]), {
    takenAt: original.takenAt,
    offsetMinutes: 60,
  })
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
