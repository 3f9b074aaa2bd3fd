import { isIPv6 } from 'node:net'

const windowMs = 15 * 60_000
/** Wrong passwords from one address, and from all together, within the window. */
const triesOfAddress = 5
const triesOfAll = 50

/** How often passwords may be tried. */
export interface SignInTries {
  /** Counts a try before it is made, so that many at once are many. @returns whether it may be made */
  begin(address: string): boolean
  /** The password was right: what was tried from there is forgotten. */
  wasRight(address: string): void
}

export function createSignInTries(nowMs: () => number = () => performance.now()): SignInTries {
  let tries: { from: string; atMs: number }[] = []

  return {
    begin(address) {
      const from = networkOf(address)
      tries = tries.filter(({ atMs }) => atMs > nowMs() - windowMs)
      if (tries.length >= triesOfAll) return false
      if (tries.filter((each) => each.from === from).length >= triesOfAddress) return false
      tries.push({ from, atMs: nowMs() })
      return true
    },
    wasRight(address) {
      const from = networkOf(address)
      tries = tries.filter((each) => each.from !== from)
    },
  }
}

/** Who has one address of version 6 has all that begin like it. */
function networkOf(address: string): string {
  if (!isIPv6(address) || address.startsWith('::ffff:')) return address
  const [head = ''] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  return head.split(':').slice(0, 4).join(':')
}
