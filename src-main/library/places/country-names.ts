import type { PlaceNames } from './found-place.ts'

/** Beside English and the country's own, languages in which people may ask for a country. */
const languages = (
  'ar bg bn ca cs da de el es et eu fa fi fr ga gl gu he hi hr hu hy id is it ja ka kk ko lt lv mk mr ms nb nl pa pl pt ro ru ' +
  'sk sl sq sr sv sw ta te th tr uk ur uz vi zh'
).split(' ')

/** What everybody says, and no list of names. */
const spoken: Readonly<Record<string, string>> = { US: 'USA', GB: 'UK', AE: 'UAE' }

/** @param code ISO 3166-1 alpha-2, or `XK` */
export function namesOfCountry(code: string): PlaceNames {
  const own = new Intl.Locale(`und-${code}`).maximize().language
  const names = ['en', own, ...languages].flatMap((language) =>
    (['short', 'long'] as const).flatMap((style) => nameIn(language, style, code)),
  )
  // Short are Hong Kong, which is wanted, and letters like US, and SAD in others.
  const [name = code, ...others] = new Set(names.filter((each) => !/^[A-Z]{2,4}$/.test(each)))
  if (spoken[code] !== undefined) others.push(spoken[code])
  return { key: code, name, others, codes: [code] }
}

function nameIn(language: string, style: 'long' | 'short', code: string): string[] {
  const name = new Intl.DisplayNames([language], { type: 'region', style, fallback: 'none' }).of(code)
  return name === undefined ? [] : [name]
}
