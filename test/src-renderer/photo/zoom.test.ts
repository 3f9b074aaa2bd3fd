import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fit, fitted, fullScale, panBy, zoomTo } from '../../../src-renderer/photo/zoom.ts'

const stage = { widthPx: 800, heightPx: 600 }

test('a picture fits its stage by the side that is short of room', () => {
  assert.deepEqual(fit(stage, 2), { widthPx: 800, heightPx: 400 })
  assert.deepEqual(fit(stage, 0.5), { widthPx: 300, heightPx: 600 })
  assert.deepEqual(fit({ widthPx: -10, heightPx: 5 }, 1), { widthPx: 0, heightPx: 0 })
})

test('what is under the pointer stays under it', () => {
  const picture = fit(stage, 4 / 3)
  const point = { xPx: 120, yPx: -80 }
  const once = zoomTo(fitted, 3, point, picture, stage, 10)
  const twice = zoomTo(once, 5, point, picture, stage, 10)
  for (const zoom of [once, twice]) {
    // The point of the picture, from its middle, that lies there now and lay there before.
    assert.ok(Math.abs((point.xPx - zoom.xPx) / zoom.scale - point.xPx) < 1e-9)
    assert.ok(Math.abs((point.yPx - zoom.yPx) / zoom.scale - point.yPx) < 1e-9)
  }
})

test('it is never smaller than fitted or larger than allowed, and never leaves the stage', () => {
  const picture = fit(stage, 2)
  assert.deepEqual(
    zoomTo({ scale: 3, xPx: 200, yPx: 90 }, 0.2, { xPx: 50, yPx: 0 }, picture, stage, 8),
    fitted,
  )
  assert.equal(zoomTo(fitted, 99, { xPx: 0, yPx: 0 }, picture, stage, 8).scale, 8)
  const moved = panBy({ scale: 2, xPx: 0, yPx: 0 }, { xPx: 10_000, yPx: -10_000 }, picture, stage)
  assert.deepEqual(moved, { scale: 2, xPx: 400, yPx: -100 })
  assert.deepEqual(panBy(fitted, { xPx: 50, yPx: 50 }, picture, stage), fitted)
})

test('full size is one pixel of the file on one of the screen', () => {
  assert.equal(fullScale(4000, 800, 1), 5)
  assert.equal(fullScale(4000, 800, 2), 2.5)
  assert.equal(fullScale(null, 800, 1), null)
})
