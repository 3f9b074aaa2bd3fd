import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { BlockList, isIP } from 'node:net'
import { LensloreError } from '../contract/errors.ts'
import { asFileError } from '../contract/file-errors.ts'
import type { Place } from './gate.ts'

export interface ReachOptions {
  /** An address of this machine. */
  host: string
  tlsCert?: string | undefined
  tlsKey?: string | undefined
  /** The origin under which a proxy on the way is reached. */
  behindProxy?: string | undefined
}

/** From where a server is reached. */
export interface Reach {
  host: string
  /** Nobody but this machine. */
  isLoopback: boolean
  tls: { cert: Buffer; key: Buffer } | null
  isBehindProxy: boolean
  /** @param port that it listens on */
  place(port: number): Place
  /** What a person opens, with a `/` at its end. */
  address(port: number): string
}

/**
 * Decides who may reach a server: without being told, this machine alone; others only through what keeps words and pictures
 * from being read on the way, and with a password.
 * @throws LensloreError `INVALID_ARGUMENT` for what is refused, in a sentence, and what reading the certificate says
 */
export function planReach(options: ReachOptions, hasPassword: boolean): Reach {
  const { host, tlsCert, tlsKey, behindProxy } = options
  const address = host === 'localhost' ? '127.0.0.1' : host
  if (!isIP(address)) throw refused(`${host} is no address of this machine; say one such as 127.0.0.1.`)
  if (Boolean(tlsCert) !== Boolean(tlsKey)) throw refused('--tls-cert and --tls-key go together.')
  if (tlsCert && behindProxy) throw refused('Behind a proxy it is the proxy that has the certificate.')
  const isLoopback = loopback.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4') && !behindProxy
  const isSafe = Boolean(tlsCert || behindProxy)
  if (!isLoopback && !isSafe) {
    throw refused(
      `Other machines may reach ${host} only with a certificate (--tls-cert, --tls-key) or --behind-proxy.`,
    )
  }
  const way = tlsCert
    ? byCertificate(address, tlsCert, tlsKey!)
    : behindProxy
      ? byProxy(behindProxy)
      : plain(address)
  if (!isLoopback && !hasPassword) {
    throw refused(
      'Where other machines reach it, the window needs a password: lenslore serve --set-password.',
    )
  }
  return { host: address, isLoopback, isBehindProxy: Boolean(behindProxy), ...way }
}

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8)
loopback.addAddress('::1', 'ipv6')

function plain(address: string) {
  return {
    tls: null,
    place: (port: number): Place => {
      const names = ['127.0.0.1', 'localhost', '[::1]'].map((name) => new URL(`http://${name}:${port}`).host)
      return { protocol: 'http:', isOurs: (asked) => names.includes(asked) }
    },
    address: (port: number) => `http://${bracketed(address)}:${port}/`,
  }
}

/** Another name for this machine, as a site of others may have one, is in no certificate of ours. */
function byCertificate(address: string, certFile: string, keyFile: string) {
  const [cert, key] = [certFile, keyFile].map((file) => {
    try {
      return readFileSync(file)
    } catch (thrown) {
      throw asFileError(thrown, file)
    }
  }) as [Buffer, Buffer]
  let certificate: X509Certificate
  try {
    certificate = new X509Certificate(cert)
  } catch (cause) {
    throw new LensloreError('INVALID_ARGUMENT', `${certFile} is no certificate.`, { cause })
  }
  const names = (certificate.subjectAltName ?? '')
    .split(', ')
    .map((name) => name.replace(/^(DNS|IP Address):/, ''))
    .filter((name) => name !== '' && !name.includes('*'))
  const shown = names[0] ?? address
  return {
    tls: { cert, key },
    place: (port: number): Place => ({
      protocol: 'https:',
      isOurs(asked) {
        const url = URL.parse(`https://${asked}`)
        if (!url || url.host !== asked || (url.port || '443') !== String(port)) return false
        const name = url.hostname.replace(/^\[|\]$/g, '')
        const isNamed = isIP(name) ? certificate.checkIP(name) : certificate.checkHost(name)
        return isNamed !== undefined
      },
    }),
    address: (port: number) => `https://${bracketed(shown)}:${port}/`,
  }
}

function byProxy(behindProxy: string) {
  const origin = URL.parse(behindProxy)
  if (origin?.protocol !== 'https:' || `${origin.origin}/` !== origin.href) {
    throw refused('--behind-proxy wants the address of the proxy, such as https://photos.example.org.')
  }
  return {
    tls: null,
    place: (): Place => ({ protocol: 'https:', isOurs: (asked) => asked === origin.host }),
    address: () => origin.href,
  }
}

function bracketed(address: string): string {
  return isIP(address) === 6 ? `[${address}]` : address
}

function refused(sentence: string): LensloreError {
  return new LensloreError('INVALID_ARGUMENT', sentence)
}
