import { parentPort, workerData } from 'node:worker_threads'
import { toErrorRecord } from '../../contract/errors.ts'
import { type BackupAnswer, backUp } from './backups.ts'
import { openReader } from './database.ts'

// The thread that `backups.ts` starts: it copies the database once.

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
