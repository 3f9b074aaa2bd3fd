import { getConnInfo } from '@hono/node-server/conninfo'
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { getCookie, setCookie } from 'hono/cookie'
import type { ExchangedFiles } from '../host/exchanged-files.ts'
import type { HeldLibrary } from '../host/held-library.ts'
import { answerPicture } from '../host/picture-answers.ts'
import { answerFile, takeFile } from './file-answers.ts'
import { type Place, refusalOf } from './gate.ts'
import type { Links } from './links.ts'
import { readPage } from './page-files.ts'
import { securityHeaders } from './security-headers.ts'
import { type Sessions, sessionLivesMs } from './sessions.ts'
import { type SignInPage, signInPage, signInStyle, welcomePage } from './sign-in-page.ts'
import type { SignInTries } from './sign-in-tries.ts'

export interface AppOptions {
  library: HeldLibrary
  files: ExchangedFiles
  /** Folder of the built page. */
  page: string
  place: Place
  cookie: string
  sessions: Sessions
  links: Links
  /** Where none is set nobody gets in with one; it may be set, or become another one, at any time. */
  password: { isSet(): boolean; isRight(password: string): Promise<boolean>; tries: SignInTries }
  isBehindProxy: boolean
}

const passwordAtMostBytes = 4096

/** What is answered over HTTP. All but the way in wants a session. */
export function createApp(options: AppOptions): Hono {
  const { library, files, place, sessions, links } = options
  const answerPage = readPage(options.page)
  const app = new Hono()

  app.use(async (context, next) => {
    const { req } = context
    const asked = { method: req.method, path: req.path, header: (name: string) => req.header(name) }
    const refusal = refusalOf(asked, place)
    if (refusal) context.res = context.text(refusal, 403, { 'cache-control': 'no-store' })
    else await next()
    for (const [name, value] of Object.entries(securityHeaders)) context.res.headers.set(name, value)
  })

  app.get('/sign-in.css', (context) => context.body(signInStyle, 200, { 'content-type': 'text/css' }))

  app.get('/open/:secret', (context) => {
    // A browser that looks ahead would use up the link.
    const isLookingAhead = Boolean(context.req.header('sec-purpose'))
    if (!isLookingAhead && links.use(context.req.param('secret'))) letIn(context, options)
    else if (!sessionOf(context, options)) {
      return askIn(context, options, 'This link was used already, or is older than ten minutes.')
    }
    // Typed, or opened from a terminal: no other site stands behind it, and the cookie is brought to where it goes on.
    if (context.req.header('sec-fetch-site') === 'none') return context.redirect('/', 303)
    return context.html(welcomePage, 200, { 'cache-control': 'no-store' })
  })

  app.post('/sign-in', bodyLimit({ maxSize: passwordAtMostBytes }), (context) => signIn(context, options))

  app.use(async (context, next) => {
    const session = sessionOf(context, options)
    if (session) return next()
    if (context.req.method === 'GET' && context.req.path === '/') return askIn(context, options)
    return context.text('This browser was not let in.', 401, { 'cache-control': 'no-store' })
  })

  app.get('/library/*', ({ req }) =>
    answerPicture(library, req.path.slice('/library/'.length), req.header('if-none-match')),
  )
  app.get('/files/:token', ({ req }) => answerFile(files, req.param('token')))
  app.post('/files', ({ req }) => takeFile(files, req.raw, req.query('kind')))
  app.get('*', (context) => answerPage(context.req.path) ?? context.notFound())
  return app

  function sessionOf(context: Context, { cookie }: AppOptions) {
    return sessions.find(getCookie(context, cookie))
  }
}

function letIn(context: Context, { cookie, sessions, place }: AppOptions): void {
  setCookie(context, cookie, sessions.begin(), {
    httpOnly: true,
    sameSite: 'Strict',
    secure: place.protocol === 'https:',
    path: '/',
    maxAge: sessionLivesMs / 1000,
  })
}

function askIn(context: Context, { password }: AppOptions, problem?: string): Response {
  const shown: SignInPage = { asksPassword: password.isSet(), ...(problem && { problem }) }
  return context.html(signInPage(shown), 401, { 'cache-control': 'no-store' }) as Response
}

async function signIn(context: Context, options: AppOptions): Promise<Response> {
  const { password } = options
  if (!password.isSet()) return context.text('Nobody gets in with a password here.', 404)
  const address = addressOf(context, options)
  if (!password.tries.begin(address)) {
    context.header('retry-after', '900')
    const shown = { asksPassword: true, problem: 'Too many tries; come back in a quarter of an hour.' }
    return context.html(signInPage(shown), 429, { 'cache-control': 'no-store' }) as Response
  }
  const { password: tried } = await context.req.parseBody()
  if (typeof tried !== 'string' || !(await password.isRight(tried))) {
    return askIn(context, options, 'That is not the password.')
  }
  password.tries.wasRight(address)
  letIn(context, options)
  return context.redirect('/', 303)
}

/** The proxy that we were told of writes last who asked it; what else stands there may be invented. */
function addressOf(context: Context, { isBehindProxy }: AppOptions): string {
  const written = isBehindProxy && context.req.header('x-forwarded-for')?.split(',').at(-1)?.trim()
  return written || getConnInfo(context).remote.address || 'unknown'
}
