/**
 * Words whose UTF-8 was taken for Windows-1252 (or Latin-1) and encoded once more: `CafÃ©` for `Café`. They are put right where
 * it is certain: every character that is not ASCII has to be a part of such a sequence, each sequence has to stand for a letter
 * of a living script, a sign of everyday use or an emoji, and there have to be two of them, or one of a kind that nobody types
 * (`Ã©` after a small letter, `â€™`, `ðŸ…`). So `CAFÉ®`, `voilà »` and `Spaß™` stay as they are, and so does a lone `Å‚`,
 * which could be put right, but is not certain.
 */

/** What Windows-1252 has in place of the controls of Latin-1, which are at 0x80 to 0x9f. */
const windowsSigns = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ'

const byteOfSign = new Map([...windowsSigns].map((sign, index) => [sign, 0x80 + index]))

/** A letter with the marks it is written with, or what stands between words. */
const everyday =
  /^(?:[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Tamil}\p{Script=Thai}\p{Script=Georgian}\p{Script=Armenian}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]|[\u00a0-\u00bf×÷\u2010-\u2027\u2030-\u205e€™№→←]|[\u0300-\u036f\u3000-\u303f\uff01-\uff5e]|\p{Extended_Pictographic}|\p{Emoji_Component})$/u
/** Letters of phonetics and of old spellings, which `CAFÉ®` and the like would turn into. */
const unusual = /[\u0180-\u02ff\u0460-\u048f\u0370-\u0373\u1100-\u11ff\u3130-\u318f]/

/** One sequence is enough where it is no end of a word in capitals before a sign. */
const alone = /(?:^|[^\p{Lu}])(?:Ã[^\p{L}\s]|Ã[\u00a0ªºŠŒŽšœžŸƒˆ])|Â[^\p{L}\s]|Â[\u00a0ªº]|â[€‚„][^\s\w]|ðŸ/u

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
  if (signs.length === 0 || !signs.every((sign) => everyday.test(sign) && !unusual.test(sign)))
    return undefined
  return { text: decoded, isCertain: signs.length >= 2 || alone.test(text) }
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
