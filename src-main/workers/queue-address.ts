import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { LensloreError } from '../contract/errors.ts'
import { asFileError } from '../contract/file-errors.ts'

/** How a person says which queue, in an argument list that every program of the machine may read: so never with a password. */
export interface QueueOptions {
  /** `redis://host:port/db`, or `rediss://` for TLS. */
  url: string
  /** Of Redis' access control list. */
  user?: string | undefined
  /** Holds the password in its first line; else it is in the environment. */
  passwordFile?: string | undefined
  /** Certificates in PEM to be trusted, in place of those that the system trusts. */
  caFile?: string | undefined
  /** Without TLS or password also where the address is not this machine. */
  allowPlain?: boolean | undefined
}

export interface QueueAddress {
  host: string
  port: number
  database: number
  username: string | null
  password: string | null
  /** null: no TLS. The certificate is always checked. */
  tls: { ca: string | null } | null
}

const usualPort = 6379

/**
 * @throws LensloreError `INVALID_ARGUMENT` for an address that is none, has a password in it, or is not safe; `FILE_NOT_FOUND` and
 * `FILE_UNREADABLE` of the files
 */
export function readQueueAddress(
  { url, user, passwordFile, caFile, allowPlain = false }: QueueOptions,
  environment: NodeJS.ProcessEnv = process.env,
): QueueAddress {
  const parsed = URL.canParse(url) ? new URL(url) : null
  if (!parsed || !['redis:', 'rediss:'].includes(parsed.protocol) || parsed.hostname === '') {
    throw refused('A queue is named as rediss://host:port, or redis:// for one on this machine.')
  }
  if (parsed.password !== '' || parsed.username !== '') {
    throw refused(
      'A password has no place in an address that other programs can read: put it into LENSLORE_QUEUE_PASSWORD, or into a file for --queue-password-file, and the user into --queue-user.',
    )
  }
  const [, database = ''] = /^\/?(\d{0,3})$/.exec(parsed.pathname) ?? []
  if (parsed.search !== '' || parsed.hash !== '' || !/^\/?\d{0,3}$/.test(parsed.pathname)) {
    throw refused('After host and port of a queue comes nothing but the number of a database.')
  }
  const host = parsed.hostname.replace(/^\[|\]$/g, '')
  const isTls = parsed.protocol === 'rediss:'
  if (caFile !== undefined && !isTls) {
    throw refused('--queue-ca is for an address that begins with rediss://.')
  }
  const fromFile = passwordFile ?? environment.LENSLORE_QUEUE_PASSWORD_FILE
  const password = fromFile
    ? readText(fromFile, 'The file of the password').split(/\r?\n/, 1)[0]!
    : (environment.LENSLORE_QUEUE_PASSWORD ?? '')
  if (!isLoopback(host) && !allowPlain) {
    if (!isTls) {
      throw refused(
        `Photos would go to ${host} for everybody on the way to read: use rediss://, or say --queue-allow-plain where the network is yours.`,
      )
    }
    if (password === '') {
      throw refused(
        `The queue at ${host} needs a password, in LENSLORE_QUEUE_PASSWORD or a file for --queue-password-file; --queue-allow-plain does without.`,
      )
    }
  }
  return {
    host,
    port: parsed.port === '' ? usualPort : Number(parsed.port),
    database: Number(database),
    username: user ?? environment.LENSLORE_QUEUE_USER ?? null,
    password: password || null,
    tls: isTls ? { ca: caFile === undefined ? null : readText(caFile, 'The file of the certificate') } : null,
  }
}

/** As a person may see it: without user and password. */
export function formatQueue({ host, port }: Pick<QueueAddress, 'host' | 'port'>): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

function readText(path: string, shownName: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (thrown) {
    throw asFileError(thrown, shownName)
  }
}

function refused(sentence: string): LensloreError {
  return new LensloreError('INVALID_ARGUMENT', sentence)
}
