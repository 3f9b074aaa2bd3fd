import { z } from 'zod'
import { returning } from '../contract/rpc.ts'
import type { RestoredBackup } from '../library/library.ts'

export const restoreCalls = {
  restore: returning<RestoredBackup>()(z.object({ directory: z.string().min(1), backup: z.string().min(1) })),
}
