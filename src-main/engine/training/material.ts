import { LensloreError } from '../../contract/errors.ts'
import type { CheckedTrainingPlan } from '../../contract/training.ts'
import { type Checkpoint, readModelJson } from '../captioning/checkpoint.ts'
import { createTokenizer } from '../captioning/tokenizer.ts'
import { type Text, toText } from './texts.ts'
import { openVisualMemory, type PhotoToRemember } from './visual-memory.ts'

/** What a run learns from and is judged by: the photos of its plan, as their visual memory, and their captions. */
export interface Material {
  /** Places in the plan's examples of those whose photos can be read. */
  usable: readonly number[]
  unreadable: TrainingOutcome['unreadable']
  /** Visual memories `[1+N, dv]` of examples. @throws LensloreError where one cannot be read any more; `CANCELLED` */
  recall(examples: readonly number[], signal: AbortSignal): Promise<Float32Array[]>
  /** All captions of examples. */
  textsOf(examples: readonly number[]): Text[]
  /** A caption of a model's own. */
  toText(example: number, tokenIds: readonly number[]): Text
  decode(tokenIds: readonly number[]): string
  close(): Promise<void>
}
