/** How a metadata file writes its characters, kept so that an edit writes them the same way. */
export interface TextEncoding {
  name: 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252'
  byteOrderMark: boolean
}

/**
 * Bytes of an XMP or JSON file → text, by its byte order mark, else as UTF-8, else in the one-byte encoding
 * that old programs wrote. For UTF-8 and UTF-16 `encodeText` gives back exactly these bytes.
 * @throws TypeError where a file with a byte order mark breaks its own encoding.
 */
export function decodeText(bytes: Uint8Array): { text: string; encoding: TextEncoding } {
  const [first, second, third] = bytes
  const marked = (name: TextEncoding['name'], length: number) => ({
    text: new TextDecoder(name, { fatal: true, ignoreBOM: true }).decode(bytes.subarray(length)),
    encoding: { name, byteOrderMark: true },
  })
  if (first === 0xff && second === 0xfe) return marked('utf-16le', 2)
  if (first === 0xfe && second === 0xff) return marked('utf-16be', 2)
  if (first === 0xef && second === 0xbb && third === 0xbf) return marked('utf-8', 3)
  // Such a file begins with a sign of Latin text, whose other byte is zero.
  if (first && second === 0) return { ...marked('utf-16le', 0), encoding: unmarked('utf-16le') }
  if (first === 0 && second) return { ...marked('utf-16be', 0), encoding: unmarked('utf-16be') }
  const { text, isUtf8 } = decodeBytes(bytes)
  return { text, encoding: unmarked(isUtf8 ? 'utf-8' : 'windows-1252') }
}

/** Inverse of `decodeText` for the Unicode encodings. */
export function encodeText(text: string, encoding: TextEncoding): Buffer {
  const marked = encoding.byteOrderMark ? `\ufeff${text}` : text
  if (encoding.name === 'utf-8') return Buffer.from(marked, 'utf8')
  const bytes = Buffer.from(marked, 'utf16le')
  return encoding.name === 'utf-16be' ? bytes.swap16() : bytes
}

/** UTF-8 where it is valid, else Windows-1252: what nearly every program wrote that says nothing. */
export function decodeBytes(bytes: Uint8Array): { text: string; isUtf8: boolean } {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes), isUtf8: true }
  } catch {
    return { text: new TextDecoder('windows-1252').decode(bytes), isUtf8: false }
  }
}

function unmarked(name: TextEncoding['name']): TextEncoding {
  return { name, byteOrderMark: false }
}
