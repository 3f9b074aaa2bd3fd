import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp from 'sharp'
import { measureTone } from '../../../src-main/engine/imaging/tone.ts'
import { paint, waves } from './synthetic-pictures.ts'

const side = 224
const size = { widthPx: side, heightPx: side }
const toneOf = (rgb: Uint8Array) => measureTone(rgb, side)

/** Drawn by the renderer that decodes SVG. */
async function draw(content: string, background: string): Promise<Uint8Array> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}">
    <rect width="100%" height="100%" fill="${background}"/>${content}</svg>`
  return sharp(Buffer.from(svg)).removeAlpha().raw().toBuffer()
}

let state = 7
/** 0 to 9. */
function grain(): number {
  state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
  return (state >>> 16) % 10
}

test('one colour is nothing to see, with noise too; the least thing in it is something', () => {
  for (const level of [0, 3, 128, 245]) {
    const plain = paint(size, () => [level, level + 1, level + 2])
    const noisy = paint(size, () => [level + grain(), level + grain(), level + grain()])
    assert.deepEqual([toneOf(plain).isPlain, toneOf(noisy).isPlain], [true, true], String(level))
  }
  const moon = paint(size, (x, y) => (Math.hypot(x - 60, y - 40) < 2 ? [240, 240, 220] : [2, 2, 6]))
  assert.equal(toneOf(moon).isPlain, false)
  const evening = paint(size, (_, y) => [40 + y / 10, 40, 60])
  assert.equal(toneOf(evening).isPlain, false)
})

test('text and drawings lie on paper', async () => {
  const lines = Array.from({ length: 16 }, (_, row) => {
    const words = Array.from({ length: 7 }, (_, word) => {
      const width = 10 + ((row * 7 + word * 5) % 14)
      return `<rect x="${14 + word * 28}" y="${12 + row * 13}" width="${width}" height="4" fill="#333"/>`
    })
    return words.join('')
  }).join('')
  const circles = '<circle cx="90" cy="90" r="60" stroke="#226" stroke-width="3" fill="none"/>'
  for (const paper of ['#fff', '#f4efe0', '#ddd']) {
    assert.equal(toneOf(await draw(lines, paper)).isOnPaper, true, `text on ${paper}`)
    assert.equal(toneOf(await draw(circles, paper)).isOnPaper, true, `a drawing on ${paper}`)
  }
})

test('photographs do not, nor what is drawn on a dark or uneven ground', async () => {
  assert.equal(toneOf(waves(size)).isOnPaper, false)
  const circle = '<circle cx="90" cy="90" r="30" fill="#fff"/>'
  assert.equal(toneOf(await draw(circle, '#111')).isOnPaper, false)
  const sky = paint(size, () => [180 + grain(), 200 + grain(), 225 + grain()])
  assert.equal(toneOf(sky).isOnPaper, false)
})
