import type { EngineCalls } from '../../contract/engine-calls.ts'
import { LensloreError } from '../../contract/errors.ts'
import type { CheckedParamsOf } from '../../contract/rpc.ts'
import { type AdapterComparison, trainingSettings } from '../../contract/training.ts'
import { defaultThreads } from '../trial/attempt.ts'
import type { Look } from './course.ts'
import { giveWay } from './give-way.ts'
import { compareSaid } from './held-out.ts'
import { observe } from './observe.ts'
import { openStudent } from './student.ts'

const seed = 1

/**
 * Lets two adapters of one base, which may be of different shapes, describe the same labelled photos. Photos that cannot be
 * read are left out.
 * @throws LensloreError those of the model; `ENGINE_FAILED`; `CANCELLED` through the signal
 */
export async function evaluateAdapter(
  { before, after, examples, ...options }: CheckedParamsOf<EngineCalls['evaluateAdapter']>,
  signal: AbortSignal,
): Promise<AdapterComparison> {
  const measured = examples.filter(({ kind, captions }) => kind === 'label' && captions.length > 0)
  if (measured.length === 0)
    throw new LensloreError('INVALID_ARGUMENT', 'There are no captions to compare with.')
  const said: Look['photos'][] = []
  for (const adapterPath of [before, after]) {
    const student = await openStudent({
      ...options,
      threads: options.threads ?? defaultThreads,
      start: adapterPath === null ? 'model' : { adapterPath },
      examples: measured,
      settings: trainingSettings.parse({}),
    })
    try {
      const unreadable = await student.material.remember(() => {}, signal)
      const readable = [...measured.keys()].filter((example) => !unreadable.has(example))
      said.push(await observe(readable, student, await student.recaller(), () => giveWay(signal)))
    } finally {
      await student.close()
    }
  }
  return compareSaid(measured, said[0]!, said[1]!, seed)
}
