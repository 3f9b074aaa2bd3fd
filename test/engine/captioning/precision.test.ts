import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  checkPrecision,
  figureOf,
  parseFormFigures,
  refuseForm,
} from '../../../src-main/engine/captioning/precision.ts'

test('a form of fewer bits counts as agreeing by what was measured of this version of it, and by nothing else', () => {
  const measured = { photos: 1000, equal: 0.99, cider_lost: 0.05 }
  for (const precision of ['fp16', 'int8'] as const) {
    const figure = figureOf(precision, measured)
    assert.equal(refuseForm(precision, figure), null)
    assert.match(refuseForm(precision, undefined)!, /Nobody has measured/)
    const older = { ...figure, version: figure.version - 1 }
    assert.match(refuseForm(precision, older)!, /Nobody has measured/)
    assert.match(refuseForm(precision, { ...figure, cider_lost: 0.51 })!, /loses 0.51 CIDEr/)
    assert.match(refuseForm(precision, { ...figure, equal: 0.5 })!, /50.0 % of its captions/)
  }
  assert.match(refuseForm('fp16', figureOf('fp16', { ...measured, equal: 0.97 }))!, /97.0 %/)
})

test('figures come from the config of a model, of which others may say more', () => {
  const int8 = figureOf('int8', { photos: 9, equal: 1, cider_lost: -0.1 })
  assert.deepEqual(parseFormFigures({ int8, int4: { version: 'new' } }, 'config.json'), { int8 })
  assert.throws(() => parseFormFigures({ int8: { ...int8, equal: 2 } }, 'config.json'), {
    code: 'CHECKPOINT_INVALID',
  })
})

test('what a provider has no form for does not open in it', () => {
  checkPrecision('cpu', 'int8')
  assert.throws(() => checkPrecision('coreml', 'int8'), { code: 'PROVIDER_UNAVAILABLE' })
})
