const signs: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** A caption as the value of an `alt` attribute of HTML, in one line. */
export function altText(caption: string): string {
  return caption
    .replaceAll(/\s+/g, ' ')
    .trim()
    .replaceAll(/[&<>"']/g, (sign) => signs[sign]!)
}
