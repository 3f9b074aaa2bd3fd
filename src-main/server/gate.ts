/** Where a server is reached: what a browser that means it says as Host and as Origin. */
export interface Place {
  protocol: 'http:' | 'https:'
  /** Whether a Host header names this server. @param host as the header has it, with a port where there is one */
  isOurs(host: string): boolean
}

interface Asked {
  method: string
  path: string
  header(name: string): string | undefined
  isWebSocket?: boolean
}

const fromElsewhere = 'Other sites may not ask this server.'

/**
 * Why a request is refused before anything is looked at, or null. A name that another site points at this machine is
 * another Host; a page of another site, also on another port of this machine, says so by Origin and `Sec-Fetch-Site`.
 */
export function refusalOf(asked: Asked, place: Place): string | null {
  const host = asked.header('host')
  if (host === undefined || !place.isOurs(host)) return 'This server is not reached under that name.'
  const origin = asked.header('origin')
  if (origin !== undefined && origin !== `${place.protocol}//${host}`) return fromElsewhere
  if (origin === undefined && (asked.isWebSocket || !isReading(asked.method))) {
    return 'A request that changes something must say where it comes from.'
  }
  const site = asked.header('sec-fetch-site')
  if (site === undefined || site === 'same-origin' || isFirstNavigation(asked, site)) return null
  return fromElsewhere
}

function isReading(method: string): boolean {
  return method === 'GET' || method === 'HEAD'
}

/** An address that was typed, or opened from another program; that of a link also from another page, as of a terminal. */
function isFirstNavigation({ method, path, header }: Asked, site: string): boolean {
  if (method !== 'GET' || header('sec-fetch-mode') !== 'navigate') return false
  if (header('sec-fetch-dest') !== 'document') return false
  return path.startsWith('/open/') || (path === '/' && site === 'none')
}
