import type { PhotoMetadata } from './photo-metadata.ts'

/**
 * Words whose UTF-8 was taken for Windows-1252 (or Latin-1) and encoded once more: `CafÃ©` for `Café`. They are put right where
 * it is certain: every character that is not ASCII has to be a part of such a sequence, each sequence has to stand for a letter
 * of a living script, a sign of everyday use or an emoji, and there have to be two of them, or one of a kind that nobody types
 * (`Ã©` in no word of capitals, `â€™`, `ðŸ…`). So `CAFÉ®`, `voilà »` and `Spaß™` stay as they are, and so does a lone `Å‚`,
 * which could be put right, but is not certain.
 */

/** What Windows-1252 has in place of the controls of Latin-1, which are at 0x80 to 0x9f. */
const windowsSigns = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ'

const byteOfSign = new Map([...windowsSigns].map((sign, index) => [sign, 0x80 + index]))

/** A letter with the marks it is written with, or what stands between words. */
const everyday =
  /^(?:[\p{scx=Latin}\p{scx=Greek}\p{scx=Cyrillic}\p{scx=Hebrew}\p{scx=Arabic}\p{scx=Devanagari}\p{scx=Bengali}\p{scx=Tamil}\p{scx=Thai}\p{scx=Georgian}\p{scx=Armenian}\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Hangul}]|[\u00a0-\u00bf×÷\u2010-\u2027\u2030-\u205e€™№→←]|[\u0300-\u036f\u3000-\u303f\uff01-\uff5e]|\p{Extended_Pictographic}|\p{Emoji_Component})$/u
/** Letters of phonetics and of old spellings, which `CAFÉ®` and the like would turn into. */
const unusual = /[\u0180-\u02ff\u0460-\u048f\u0370-\u0373\u1100-\u11ff\u3130-\u318f]/

/** A mark that is on no letter. */
const strayMark = /(?<![\p{L}\p{M}\p{Emoji}])\p{M}/u
/** Nobody types them. */
const controls = /[\u0080-\u009f]/
/** One sequence is enough where it is no end of a word in capitals before a sign. */
const alone =
  /(?<!\p{Lu}\p{Lu})(?:Ã[^\p{L}\s]|Ã[\u00a0ªºŠŒŽšœžŸƒˆ])|Â[^\p{L}\s]|Â[\u00a0ªº]|â[€‚„][^\s\w]|ðŸ|(?<=\p{Ll})[ÌÍ][^\p{Ll}\p{Lu}\s]/u

interface Reading {
  text: string
  isCertain: boolean
}

/** @returns undefined where it is not UTF-8 that was encoded twice. */
function readTwiceEncoded(text: string): Reading | undefined {
  const bytes = bytesOf(text)
  if (!bytes) return undefined
  let decoded: string
  try {
    decoded = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what is not ASCII
  const signs = decoded.match(/[^\u0000-\u007f]/gu) ?? []
  const isSense =
    signs.every((sign) => everyday.test(sign) && !unusual.test(sign)) && !strayMark.test(decoded)
  if (signs.length === 0 || !isSense) return undefined
  return { text: decoded, isCertain: signs.length >= 2 || alone.test(text) || controls.test(text) }
}

/** @returns undefined where a character is in neither encoding. */
function bytesOf(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(text.length)
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    const byte = code < 0x100 ? code : byteOfSign.get(text[index]!)
    if (byte === undefined) return undefined
    bytes[index] = byte
  }
  return bytes
}

/**
 * @param texts that one program wrote together: what is certain of one of them decides for those that can be read so too.
 * @returns them in their order, put right where that is certain.
 */
export function repairTwiceEncoded(texts: readonly string[]): string[] {
  const readings = texts.map(readTwiceEncoded)
  if (!readings.some((reading) => reading?.isCertain)) return [...texts]
  return texts.map((text, index) => readings[index]?.text ?? text)
}

/** The words of a file beside a photo. What Lenslore itself wrote there stays as it is: a person may have typed it so. */
export function withRepairedWords(said: PhotoMetadata): PhotoMetadata {
  const { title, captions, keywords, people, places, boilerplate, creators, copyright } = said
  const others = captions.filter(({ provenance }) => !provenance)
  const texts = [
    ...others.map(({ text }) => text),
    ...keywords,
    ...people.map(({ name }) => name),
    ...places.map(({ name }) => name),
    ...boilerplate,
    ...creators,
    ...[title, copyright].filter((text) => text !== null),
  ]
  const repaired = repairTwiceEncoded(texts)
  const byText = new Map(texts.map((text, index) => [text, repaired[index]!]))
  const repair = (text: string) => byText.get(text) ?? text
  return {
    ...said,
    title: title === null ? null : repair(title),
    captions: captions.map((caption) =>
      caption.provenance ? caption : { ...caption, text: repair(caption.text) },
    ),
    keywords: keywords.map(repair),
    people: people.map((person) => ({ ...person, name: repair(person.name) })),
    places: places.map((place) => ({ ...place, name: repair(place.name) })),
    boilerplate: boilerplate.map(repair),
    creators: creators.map(repair),
    copyright: copyright === null ? null : repair(copyright),
  }
}
