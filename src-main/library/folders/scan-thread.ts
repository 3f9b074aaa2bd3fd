import { parentPort, workerData } from 'node:worker_threads'
import { openReader } from '../store/database.ts'
import { createScanReader } from '../store/scan-state.ts'
import { createComparer } from './compare.ts'
import type { ScanRequest, ScanThreadData } from './scan-threads.ts'

// The thread that `scan-threads.ts` starts: it compares directories with the library, one after the other.

const { databaseFile } = workerData as ScanThreadData
const comparer = createComparer(createScanReader(openReader(databaseFile)))

parentPort!.on('message', ({ folder, visits }: ScanRequest) => {
  parentPort!.postMessage(visits.map((visit) => comparer.compare(folder, visit)))
})
