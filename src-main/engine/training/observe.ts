import type { Look } from './course.ts'
import { fillBatch } from './fill-batch.ts'
import type { Material } from './material.ts'
import type { Recaller } from './recaller.ts'
import type { Student } from './student.ts'
import type { Text } from './texts.ts'
import type { Trainer } from './trainer.ts'

/** Photos that are described in one run. */
const describedAtOnce = 16
/** Captions whose loss is measured in one run, about. */
const textsAtOnce = 32

/**
 * Looks at photos with the adapter of the moment: the loss of their captions, a token of each counting the same, and what it
 * says of them.
 * @param recaller null: nobody asks for its words
 * @param checkForStop called between runs; what it throws is thrown
 */
export async function observe(
  examples: readonly number[],
  { material, trainer }: Pick<Student, 'material' | 'trainer'>,
  recaller: Recaller | null,
  checkForStop: () => Promise<void>,
): Promise<Look['photos']> {
  const losses: number[] = []
  for (const some of groupTexts(examples, material)) {
    await checkForStop()
    const memories = await material.recall(some.map(({ example }) => example))
    const batch = fillBatch(
      some.flatMap(({ texts }) => texts.map((text) => ({ text, weightAt: () => 1 }))),
      some.flatMap(({ texts }, index) => texts.map(() => memories[index]!)),
    )
    const measured = await trainer.evaluate(batch)
    for (const { texts } of some) {
      const own = measured.splice(0, texts.length)
      const sum = own.reduce((total, { lossSum }) => total + lossSum, 0)
      losses.push(sum / own.reduce((total, { tokens }) => total + tokens, 0))
    }
  }
  const captions = recaller ? await describeAll(examples, material, trainer, recaller, checkForStop) : null
  return examples.map((example, index) => ({
    example,
    loss: losses[index]!,
    caption: captions?.[index] ?? null,
  }))
}

/** Photos with their texts, a few texts at a time. */
function groupTexts(examples: readonly number[], material: Material): { example: number; texts: Text[] }[][] {
  const groups: { example: number; texts: Text[] }[][] = []
  let count = Infinity
  for (const example of examples) {
    const texts = material.textsOf([example])
    if (count + texts.length > textsAtOnce) {
      groups.push([])
      count = 0
    }
    groups.at(-1)!.push({ example, texts })
    count += texts.length
  }
  return groups
}

async function describeAll(
  examples: readonly number[],
  material: Material,
  trainer: Trainer,
  recaller: Recaller,
  checkForStop: () => Promise<void>,
): Promise<string[]> {
  const adapter = await trainer.tensors()
  const captions: string[] = []
  for (let at = 0; at < examples.length; at += describedAtOnce) {
    await checkForStop()
    const memories = await material.recall(examples.slice(at, at + describedAtOnce))
    const said = await recaller.describe(memories, adapter)
    captions.push(...said.map((tokenIds) => material.tokenizer.decode(tokenIds)))
  }
  return captions
}
