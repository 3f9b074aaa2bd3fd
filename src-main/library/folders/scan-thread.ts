import { ownThread } from '../../channels/message-port.ts'
import { serve } from '../../contract/rpc.ts'
import { openReader } from '../store/database.ts'
import { createScanReader } from '../store/scan-state.ts'
import { createComparer } from './compare.ts'
import { type ScanThreadData, scanCalls } from './scan-threads.ts'

// The thread that `scan-threads.ts` starts: it compares directories with the library, one after the other.

const { channel, data } = ownThread()
const { databaseFile } = data as ScanThreadData
const comparer = createComparer(createScanReader(openReader(databaseFile)))

serve(channel, scanCalls, {
  compare: ({ folder, visits }) => visits.map((visit) => comparer.compare(folder, visit)),
})
