import { parentPort, workerData } from 'node:worker_threads'
import { type ErrorRecord, toErrorRecord } from '../../contract/errors.ts'
import { backUp } from './backups.ts'
import { openReader } from './database.ts'

// The thread that `backups.ts` starts: it copies the database once.

export type BackupAnswer = { file: string } | { error: ErrorRecord }

const { databaseFile, label } = workerData as { databaseFile: string; label: string }

function answer(): BackupAnswer {
  try {
    const reader = openReader(databaseFile)
    try {
      return { file: backUp(reader, label) }
    } finally {
      reader.close()
    }
  } catch (thrown) {
    return { error: toErrorRecord(thrown) }
  }
}

parentPort!.postMessage(answer())
