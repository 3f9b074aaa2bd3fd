import { z } from 'zod'
import type { Channel } from '../contract/rpc.ts'

const message = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('call'), id: z.int(), name: z.string().max(100), params: z.unknown() }),
  z.object({ kind: z.literal('cancel'), id: z.int() }),
])

/** The channel of a page, from which only calls are heard. @param refuse ends it; told of anything else */
export function onlyCalls(channel: Channel, refuse: () => void = () => channel.close()): Channel {
  return {
    ...channel,
    onMessage(listener) {
      channel.onMessage((raw) => {
        const { success, data } = message.safeParse(raw)
        if (success) listener(data)
        else refuse()
      })
    },
  }
}
