import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { isSameTrial, type ProviderTrial, trialSchema } from '../../contract/providers.ts'

/** What was found out on this machine about running models, in a file of the app's data folder. */
export interface TrialBook {
  /** The newest first. */
  read(): ProviderTrial[]
  /**
   * In the place of the one of the same model and device. On the disk when it returns: the next step may take the
   * machine down.
   */
  write(trial: ProviderTrial): void
}

/** Of models and devices that were long ago, nobody asks. */
const trialsKept = 20

const bookSchema = z.object({ trials: z.array(trialSchema) })

/** It belongs to the machine, not to a library that may lie on a drive. */
export function trialBookFileIn(dataDirectory: string): string {
  return join(dataDirectory, 'providers.json')
}

/** A file that cannot be read is an empty book: what was measured is measured again. */
export function openTrialBook(file: string): TrialBook {
  function read(): ProviderTrial[] {
    try {
      return bookSchema.parse(JSON.parse(readFileSync(file, 'utf8'))).trials
    } catch {
      return []
    }
  }
  return {
    read,
    write(trial) {
      const others = read().filter((known) => !isSameTrial(known, trial))
      const trials = [trial, ...others].slice(0, trialsKept)
      mkdirSync(dirname(file), { recursive: true })
      const temporary = `${file}.${process.pid}.tmp`
      const descriptor = openSync(temporary, 'w')
      writeSync(descriptor, `${JSON.stringify({ trials }, null, 1)}\n`)
      fsyncSync(descriptor)
      closeSync(descriptor)
      renameSync(temporary, file)
    },
  }
}
