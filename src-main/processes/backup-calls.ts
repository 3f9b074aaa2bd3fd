import { z } from 'zod'
import { returning } from '../contract/rpc.ts'
import type { RestoredBackup } from '../library/library.ts'

const directory = z.string().min(1)

export const backupCalls = {
  list: returning<string[]>()(z.object({ directory })),
  restore: returning<RestoredBackup>()(z.object({ directory, backup: z.string().min(1) })),
}
