import type { EngineInfo } from '../../contract/engine-calls.ts'
import type { ErrorRecord } from '../../contract/errors.ts'
import type { WorkersStatus } from '../../contract/records.ts'
import type { CaptionEngine } from './caption-engine.ts'

/** What a library captions with, for others to do the same. */
export interface SharedModel {
  info: EngineInfo
  /** By which others may have it, too; null for one that is in no catalogue. */
  modelName: string | null
  /** The file of an adapter that is none of the model's own. */
  adapterPath: string | null
  /** Shows others what they are to say of pictures. */
  own: CaptionEngine
}

/** Captions on other machines. Its `batchSize` is 0 while none of them is there. */
export interface FarEngine extends CaptionEngine {
  /** @returns a function that ends it. */
  onRoomChanged(listener: () => void): () => void
}

/** Machines that caption for this library, by whatever way they are reached. */
export interface OtherMachines {
  /** Nothing is captioned here as long as it is so. */
  readonly isAlone: boolean
  /**
   * What it is asked fails with `QUEUE_UNREACHABLE` where no machine is there any more, unless it is alone: then it waits for one.
   */
  open(model: SharedModel, onProblem: (problem: ErrorRecord) => void): FarEngine
  /** All that were heard of, with those that fell silent. @throws LensloreError `QUEUE_UNREACHABLE`, `QUEUE_REFUSED` */
  status(): Promise<WorkersStatus>
  close(): Promise<void>
}
