import { readFile } from 'node:fs/promises'
import { extname, join, sep } from 'node:path'
import { protocol } from 'electron'
import { pageCaching } from '../host/caching.ts'
import type { HeldLibrary } from '../host/held-library.ts'
import { pageTypes } from '../host/page-types.ts'
import { answerPicture } from '../host/picture-answers.ts'

/** The page's own origin: no file of this machine is in it but those of the built page. */
export const pageOrigin = 'app://lenslore'
export const pageAddress = `${pageOrigin}/index.html`
export const pictureAddress = 'photo://library'

/** Nothing is allowed but what the page needs: it speaks with the app over ports, so it may not even connect to itself. */
const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self' blob: data: photo:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** To be called before Electron is ready. */
export function registerSchemes(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: 'app', privileges: { standard: true, secure: true, codeCache: true } },
    { scheme: 'photo', privileges: { standard: true, secure: true, stream: true } },
  ])
}

/** @param page folder of the built page */
export function servePageAndPictures(page: string, library: HeldLibrary): void {
  protocol.handle('app', (request) => answerPage(page, request))
  protocol.handle('photo', (request) => answerPhoto(library, request))
}

async function answerPage(page: string, { method, url }: Request): Promise<Response> {
  const { host, pathname } = new URL(url)
  const path = join(page, pathname)
  const type = pageTypes[extname(path)]
  if (method !== 'GET' || host !== 'lenslore' || !type || !path.startsWith(page + sep)) return notThere()
  try {
    return new Response(await readFile(path), {
      headers: {
        'content-type': type,
        'cache-control': pageCaching(pathname),
        'content-security-policy': pagePolicy,
        'cross-origin-opener-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
      },
    })
  } catch {
    return notThere()
  }
}

async function answerPhoto(library: HeldLibrary, request: Request): Promise<Response> {
  const { host, pathname, search } = new URL(request.url)
  if (request.method !== 'GET' || host !== 'library' || search !== '') return notThere()
  const known = request.headers.get('if-none-match') ?? undefined
  const answer = await answerPicture(library, pathname.slice(1), known)
  answer.headers.set('x-content-type-options', 'nosniff')
  answer.headers.set('content-security-policy', "default-src 'none'; sandbox")
  return answer
}

function notThere(): Response {
  return new Response('There is nothing at this address.', { status: 404 })
}
