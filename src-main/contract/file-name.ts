/**
 * File names as text that keeps every byte. On Linux a name is bytes, and some are not UTF-8. A byte that
 * is no part of valid UTF-8 is written as the private-use character U+EF00 + byte, and so are the bytes of a
 * valid character of that very range, so the mapping has exactly one inverse.
 */

const escapeBase = 0xef00
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const escaped = /[\uef80-\uefff]/

/** Bytes of a file name or path → text. Plain UTF-8 comes back as it is. */
export function textFromFileName(bytes: Uint8Array): string {
  try {
    const text = strict.decode(bytes)
    if (!escaped.test(text)) return text
  } catch {
    // Not UTF-8 as a whole: decode it character by character below.
  }
  let text = ''
  for (let at = 0; at < bytes.length; ) {
    const length = utf8Length(bytes[at]!)
    const character = length > 0 ? decodeOne(bytes.subarray(at, at + length)) : undefined
    if (character === undefined) text += String.fromCharCode(escapeBase + bytes[at]!)
    else text += character
    at += character === undefined ? 1 : length
  }
  return text
}

/** The inverse: what to hand to the file system. Text without escapes stays a string. */
export function fileNameFromText(text: string): string | Uint8Array {
  if (!escaped.test(text)) return text
  const encoder = new TextEncoder()
  const bytes: number[] = []
  for (const character of text) {
    const code = character.codePointAt(0)!
    if (code >= escapeBase + 0x80 && code <= escapeBase + 0xff) bytes.push(code - escapeBase)
    else bytes.push(...encoder.encode(character))
  }
  return Uint8Array.from(bytes)
}

/** The text as a person should see it: an escaped byte becomes the replacement character. */
export function displayFileName(text: string): string {
  return text.replace(/[\uef80-\uefff]/g, '\ufffd')
}

function utf8Length(lead: number): number {
  if (lead < 0x80) return 1
  if (lead >= 0xc2 && lead <= 0xdf) return 2
  if (lead >= 0xe0 && lead <= 0xef) return 3
  if (lead >= 0xf0 && lead <= 0xf4) return 4
  return 0
}

function decodeOne(bytes: Uint8Array): string | undefined {
  try {
    const character = strict.decode(bytes)
    return escaped.test(character) || character.length === 0 ? undefined : character
  } catch {
    return undefined
  }
}
