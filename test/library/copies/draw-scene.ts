import sharp, { type Sharp } from 'sharp'

/** A picture of many shapes, the same for the same number, unlike that of any other. */
export function drawScene(seed: number, widthPx = 640, heightPx = 480): Sharp {
  let state = seed * 7919 + 1
  const chance = (most: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.round((state / 2 ** 32) * most)
  }
  const colour = () => `rgb(${20 + chance(200)},${20 + chance(200)},${20 + chance(200)})`
  const shapes = Array.from({ length: 60 }, () =>
    chance(1) === 0
      ? `<ellipse cx="${chance(640)}" cy="${chance(480)}" rx="${10 + chance(70)}" ry="${10 + chance(70)}" fill="${colour()}"/>`
      : `<rect x="${chance(640)}" y="${chance(480)}" width="${10 + chance(120)}" height="${10 + chance(120)}" fill="${colour()}"/>`,
  )
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 480" width="${widthPx}" height="${heightPx}" preserveAspectRatio="none">
    <rect width="640" height="480" fill="${colour()}"/>${shapes.join('')}</svg>`
  return sharp(Buffer.from(svg)).flatten()
}
