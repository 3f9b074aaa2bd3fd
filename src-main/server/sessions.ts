import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { z } from 'zod'
import { readText, writeForOwner } from './owner-files.ts'
import { hashSecret, makeSecret } from './secrets.ts'

/** A browser that did not come for so long has to be let in again. */
export const sessionLivesMs = 30 * 86_400_000
/** When a session was seen last is written down this often. */
const writeSeenEveryMs = 60_000
/** The one that was seen longest ago makes room. */
const sessionsAtMost = 100

const session = z.object({
  id: z.string(),
  secretHash: z.string().length(64),
  createdMs: z.number(),
  seenMs: z.number(),
})

export type Session = z.infer<typeof session>

/** Browsers that were let in. They outlive the server; of their secrets only hashes are written down. */
export interface Sessions {
  /** @returns the secret for the browser's cookie */
  begin(): string
  /** The session of a cookie, which is seen by this. */
  find(secret: string | undefined): Session | undefined
  seen(id: string): void
  list(): Session[]
  /** Ends it at once, with all its pages. */
  end(id: string): void
  /** Told of each session that ended. */
  onEnd(listener: (id: string) => void): void
}

/** @param folder of the server, as `serverFolder` has it */
export function sessionsIn(folder: string, nowMs: () => number = Date.now): Sessions {
  const file = join(folder, 'sessions.json')
  const listeners = new Set<(id: string) => void>()
  let sessions = readSessions(file)
  let writtenMs = nowMs()

  function write(): void {
    writeForOwner(file, JSON.stringify(sessions))
    writtenMs = nowMs()
  }

  function end(isOver: (each: Session) => boolean): void {
    const over = sessions.filter(isOver)
    if (over.length === 0) return
    sessions = sessions.filter((each) => !over.includes(each))
    write()
    for (const { id } of over) for (const listener of listeners) listener(id)
  }

  function endOld(): void {
    end(({ seenMs }) => seenMs < nowMs() - sessionLivesMs)
  }

  function see(each: Session): void {
    each.seenMs = nowMs()
    if (nowMs() - writtenMs <= writeSeenEveryMs) return
    try {
      write()
    } catch {
      // A disk that is full keeps nobody out; it is tried again.
      writtenMs = nowMs()
    }
  }

  return {
    begin() {
      endOld()
      const oldest = sessions.toSorted((a, b) => b.seenMs - a.seenMs).slice(sessionsAtMost - 1)
      end((each) => oldest.includes(each))
      const secret = makeSecret()
      const at = nowMs()
      sessions.push({ id: randomUUID(), secretHash: hashSecret(secret), createdMs: at, seenMs: at })
      write()
      return secret
    },
    find(secret) {
      if (secret === undefined) return undefined
      endOld()
      const secretHash = hashSecret(secret)
      const found = sessions.find((each) => each.secretHash === secretHash)
      if (found) see(found)
      return found
    },
    seen(id) {
      const found = sessions.find((each) => each.id === id)
      if (found) see(found)
    },
    list() {
      endOld()
      return sessions
    },
    end: (id) => end((each) => each.id === id),
    onEnd: (listener) => void listeners.add(listener),
  }
}

/** What is damaged lets nobody in. */
function readSessions(file: string): Session[] {
  try {
    return z.array(session).parse(JSON.parse(readText(file) ?? '[]'))
  } catch {
    return []
  }
}
