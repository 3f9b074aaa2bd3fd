import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { TrainingExample } from '../contract/training.ts'
import type { CaptionedFile } from './caption-sets.ts'

export type SetExample = TrainingExample & { split: CaptionedFile['split'] }

/**
 * A set's photos as a training takes them, each a group of its own unless two have the same content. Photos that are not in
 * the folder are left out.
 * @param firstGroup the number of its first group
 */
export async function toExamples(
  files: readonly CaptionedFile[],
  photosDirectory: string,
  firstGroup = 0,
): Promise<SetExample[]> {
  const groups = new Map<string, number>()
  const examples: SetExample[] = []
  for (const { names, captions, split } of files) {
    const path = names.map((name) => resolve(join(photosDirectory, name))).find((each) => existsSync(each))
    if (path === undefined) continue
    const contentHash = await hashFile(path)
    const group = groups.get(contentHash) ?? firstGroup + groups.size
    groups.set(contentHash, group)
    examples.push({
      contentHash,
      path,
      kind: 'label',
      captions: captions.map((text) => ({ text, weight: 1 })),
      group,
      fold: null,
      split,
    })
  }
  return examples
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}
