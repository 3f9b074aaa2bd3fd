import assert from 'node:assert/strict'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readCheckpoint } from '../../../src-main/engine/captioning/checkpoint.ts'
import { runOnce } from '../../../src-main/engine/captioning/search-session.ts'
import { narrowToFloat16 } from '../../../src-main/engine/model/half-floats.ts'
import {
  float32Tensor,
  type TensorToWrite,
  writeSafetensors,
} from '../../../src-main/engine/model/safetensors.ts'
import { buildTeacherForcedGraph } from '../../../src-main/engine/model/teacher-forced-graph.ts'
import { memoryLength, memorySide } from '../../../src-main/engine/model/vision-tower.ts'
import { oracleFolder, readTensorsToWrite } from '../tiny-oracle.ts'

// Agreement with the independent implementation is in oracle.test.ts.

const fixture = oracleFolder('e')
const embedded = fileURLToPath(new URL('../../../models/lenslore-v1', import.meta.url))
let directory: string
let count = 0

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lenslore-efficientnet-'))
})
after(() => rm(directory, { recursive: true }))

/** The fixture with another vision tower. */
async function change(
  changeConfig: (vision: Record<string, unknown>) => void,
  changeTensors: (tensors: Map<string, TensorToWrite>) => void = () => {},
): Promise<string> {
  const folder = join(directory, String(count++))
  await cp(fixture, folder, { recursive: true })
  const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'))
  changeConfig(config.vision)
  await writeFile(join(folder, 'config.json'), JSON.stringify(config))
  const tensors = await readTensorsToWrite(join(fixture, 'vision.safetensors'))
  changeTensors(tensors)
  await writeSafetensors(join(folder, 'vision.safetensors'), tensors)
  return folder
}

async function see(folder: string, side: number): Promise<Float32Array> {
  const { model } = await readCheckpoint(folder, null)
  const data = Float32Array.from({ length: 3 * side * side }, (_, index) => Math.sin(index / 29))
  const tokens = { data: new BigInt64Array(1), shape: [1, 1] }
  const feeds = { pixels: { data, shape: [1, 3, side, side] }, tokens }
  const { memory } = await runOnce(buildTeacherForcedGraph(model, 1), feeds)
  return memory!.data as Float32Array
}

test('the embedded tower sees 7 × 7 places and the whole', async () => {
  const { config } = (await readCheckpoint(embedded, null)).model.vision
  assert.deepEqual([config.kind, config.imageSizePx, config.width], ['efficientnet_lite', 224, 384])
  assert.deepEqual([memorySide(config), memoryLength(config)], [7, 50])
})

test('sides that a stride does not divide are rounded up, as TensorFlow pads', async () => {
  const size = 55
  const folder = await change(
    (vision) => {
      vision.image_size = size
    },
    (tensors) => {
      // 55 → 28 → 28 → 14 → 7 → 7 places a side.
      tensors.set('position_embedding', float32Tensor([50, 32], new Float32Array(50 * 32)))
    },
  )
  const { config } = (await readCheckpoint(folder, null)).model.vision
  assert.equal(memorySide(config), 7)
  assert.equal((await see(folder, size)).length, 50 * 32)
})

test('matrices in half precision see the same within what they lost', async () => {
  const folder = await change(
    () => {},
    (tensors) => {
      for (const [name, tensor] of tensors) {
        if (tensor.shape.length < 4) continue
        const bytes = async () => {
          const stored = (await tensor.bytes()) as Uint8Array
          return narrowToFloat16(new Float32Array(stored.buffer, stored.byteOffset, stored.byteLength / 4))
        }
        tensors.set(name, { type: 'F16', shape: tensor.shape, bytes })
      }
    },
  )
  const [full, half] = [await see(fixture, 64), await see(folder, 64)]
  // Rows are normalised to a deviation of one.
  const mean = full.reduce((sum, value, at) => sum + Math.abs(value - half[at]!), 0) / full.length
  assert.ok(mean > 0 && mean < 0.005, String(mean))
})

test('what does not fit is refused by name', async () => {
  const cases: [pattern: RegExp, folder: string][] = [
    [
      /has no tensor blocks\.2\.1\.bn3\.running_var/,
      await change(
        () => {},
        (tensors) => void tensors.delete('blocks.2.1.bn3.running_var'),
      ),
    ],
    [
      /blocks\.1\.0\.bn1\.weight as \[32\] where its configuration wants \[48\]/,
      await change((vision) => {
        ;(vision.stages as { expansion: number }[])[1]!.expansion = 6
      }),
    ],
    [
      /position_embedding as \[65,32\] .* \[50,32\]/,
      await change((vision) => {
        vision.image_size = 56
      }),
    ],
  ]
  for (const [message, folder] of cases) {
    const { model } = await readCheckpoint(folder, null)
    assert.throws(() => buildTeacherForcedGraph(model, 1), { code: 'CHECKPOINT_INVALID', message })
  }
  for (const [field, value] of [
    ['stages', []],
    ['stem_width', 0],
    ['batch_norm_eps', 0],
  ] as const) {
    const folder = await change((vision) => {
      vision[field] = value
    })
    await assert.rejects(readCheckpoint(folder, null), {
      code: 'CHECKPOINT_INVALID',
      message: new RegExp(field),
    })
  }
  const folder = await change(() => {})
  await rm(join(folder, 'text.safetensors'))
  await assert.rejects(readCheckpoint(folder, null), {
    code: 'MODEL_INCOMPLETE',
    message: /text\.safetensors/,
  })
})
