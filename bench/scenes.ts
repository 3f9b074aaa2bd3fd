/**
 * Pictures that nobody took: landscapes drawn by numbers, for screenshots and for libraries of any size. The same number is
 * always the same picture.
 */
import { mkdirSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { createRandom } from '../src-main/engine/training/random.ts'

export interface Scene {
  svg: string
  widthPx: number
  heightPx: number
  caption: string
}

const sizes = [
  [1200, 800],
  [1200, 900],
  [800, 1200],
  [900, 1200],
  [1200, 675],
  [1000, 1000],
] as const

interface Drawing {
  w: number
  h: number
  next: () => number
}

const hsl = (hue: number, saturation: number, light: number): string =>
  `hsl(${(hue + 360) % 360} ${saturation}% ${light}%)`

function sky(name: string, top: string, bottom: string): string {
  return `<defs><linearGradient id="${name}" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="${top}"/>
    <stop offset="1" stop-color="${bottom}"/></linearGradient></defs>`
}

/** A ridge from the left to the right edge, filled down to the foot. */
function ridge({ w, h, next }: Drawing, level: number, rough: number, fill: string): string {
  const [a, b, c] = [next() * 6, next() * 6, next() * 6]
  const points = Array.from({ length: 41 }, (_, at) => {
    const x = at / 40
    const y =
      level + rough * (0.6 * Math.sin(a + x * 5) + 0.3 * Math.sin(b + x * 13) + 0.12 * Math.sin(c + x * 37))
    return `${Math.round(x * w)},${Math.round(y * h)}`
  })
  return `<polygon points="0,${h} ${points.join(' ')} ${w},${h}" fill="${fill}"/>`
}

function firs({ w, h, next }: Drawing, count: number, foot: number, hue: number): string {
  return Array.from({ length: count }, (_, at) => {
    const depth = at / count
    const size = h * (0.1 + 0.22 * depth)
    const [x, y] = [next() * w, h * (foot + 0.22 * depth)]
    const tiers = [0, 0.28, 0.52].map(
      (up, tier) =>
        `<polygon points="${x},${y - size * (1 - up * 0.1) + up * size * 0.35} ${x - size * (0.12 + 0.07 * tier)},${y - size * (0.62 - up * 0.9)} ${x + size * (0.12 + 0.07 * tier)},${y - size * (0.62 - up * 0.9)}"/>`,
    )
    return `<g fill="${hsl(hue, 28, 30 - 16 * depth)}">${tiers.join('')}</g>`
  }).join('')
}

type Draw = (drawing: Drawing) => { inside: string; caption: string }

const evening: Draw = (d) => {
  const { w, h, next } = d
  const hue = 10 + next() * 30
  const [x, y] = [w * (0.25 + next() * 0.5), h * (0.44 + next() * 0.08)]
  const glints = Array.from({ length: 60 }, (_, at) => {
    const down = at / 60
    const width = w * (0.02 + next() * 0.12 * (0.4 + down))
    return `<rect x="${x - width / 2 + (next() - 0.5) * w * 0.18 * down}" y="${h * (0.6 + 0.39 * down)}" width="${width}" height="${2 + 4 * down}" rx="2" fill="${hsl(hue + 25, 95, 78)}" opacity="${0.75 - 0.5 * down}"/>`
  })
  const boat = next() < 0.5
  const bx = w * (0.15 + next() * 0.6)
  return {
    inside: `${sky('s', hsl(hue + 215, 42, 34), hsl(hue + 18, 88, 66))}<rect width="${w}" height="${h}" fill="url(#s)"/>
      <circle cx="${x}" cy="${y}" r="${h * 0.075}" fill="${hsl(hue + 34, 100, 86)}"/>
      <rect y="${h * 0.58}" width="${w}" height="${h * 0.42}" fill="${hsl(hue + 205, 36, 26)}"/>${glints.join('')}
      ${ridge(d, 0.57, 0.018, hsl(hue + 220, 30, 22))
        .replace(`0,${h} `, `0,${h * 0.585} `)
        .replace(` ${w},${h}"`, ` ${w},${h * 0.585}"`)}
      ${boat ? `<path d="M${bx} ${h * 0.66} h${w * 0.12} l${-w * 0.02} ${h * 0.03} h${-w * 0.08} z M${bx + w * 0.06} ${h * 0.65} v${-h * 0.2} l${w * 0.05} ${h * 0.18} z" fill="#1d1720"/>` : ''}`,
    caption: boat ? 'A small sailing boat on the sea at sunset' : 'The sun going down over a calm sea',
  }
}

const hills: Draw = (d) => {
  const { w, h, next } = d
  const hue = 85 + next() * 40
  return {
    inside: `${sky('s', hsl(205, 62, 58), hsl(200, 60, 88))}<rect width="${w}" height="${h}" fill="url(#s)"/>
      ${[0, 1, 2].map(() => `<ellipse cx="${next() * w}" cy="${h * (0.1 + next() * 0.22)}" rx="${w * (0.08 + next() * 0.1)}" ry="${h * 0.035}" fill="#fff" opacity=".75"/>`).join('')}
      ${[0, 1, 2, 3, 4].map((n) => ridge(d, 0.46 + n * 0.115, 0.075 - n * 0.008, hsl(hue - n * 6, 22 + n * 8, 62 - n * 9))).join('')}`,
    caption: 'Green hills one behind the other under a blue sky',
  }
}

const mountains: Draw = (d) => {
  const { w, h, next } = d
  const peaks = [0, 1, 2].map((n) => {
    const [x, top] = [w * (0.12 + 0.36 * n + next() * 0.1), h * (0.16 + next() * 0.16)]
    const half = w * (0.28 + next() * 0.1)
    return `<polygon points="${x},${top} ${x - half},${h * 0.72} ${x + half},${h * 0.72}" fill="${hsl(216, 16, 42 + 5 * n)}"/>
      <polygon points="${x},${top} ${x - half * 0.3},${top + h * 0.165} ${x - half * 0.1},${top + h * 0.13} ${x + half * 0.06},${top + h * 0.19} ${x + half * 0.31},${top + h * 0.17}" fill="#f5f7fb"/>`
  })
  return {
    inside: `${sky('s', hsl(214, 58, 46), hsl(208, 50, 84))}<rect width="${w}" height="${h}" fill="url(#s)"/>${peaks.join('')}
      ${ridge(d, 0.7, 0.03, hsl(150, 22, 30))}${firs(d, 46, 0.78, 155)}`,
    caption: 'Snow on three mountains behind a forest of firs',
  }
}

const city: Draw = ({ w, h, next }) => {
  const houses = Array.from({ length: 22 }, (_, at) => {
    const [x, width, tall] = [(at / 22) * w - 10, w * (0.05 + next() * 0.05), h * (0.2 + next() * 0.42)]
    const lights = Array.from({ length: 40 }, () => {
      const [lx, ly] = [
        x + 6 + Math.floor(next() * (width / 16)) * 16,
        h * 0.86 - tall + 10 + Math.floor(next() * (tall / 22)) * 22,
      ]
      return `<rect x="${lx}" y="${ly}" width="8" height="11" fill="${hsl(42, 90, 60 + next() * 20)}" opacity="${0.5 + next() * 0.5}"/>`
    })
    return `<rect x="${x}" y="${h * 0.86 - tall}" width="${width}" height="${tall}" fill="${hsl(228, 24, 10 + next() * 10)}"/>${lights.join('')}`
  })
  return {
    inside: `${sky('s', hsl(232, 46, 12), hsl(264, 34, 38))}<rect width="${w}" height="${h}" fill="url(#s)"/>
      <circle cx="${w * (0.15 + next() * 0.7)}" cy="${h * 0.15}" r="${h * 0.05}" fill="#f3ecd2"/>${houses.join('')}
      <rect y="${h * 0.86}" width="${w}" height="${h * 0.14}" fill="${hsl(232, 30, 14)}"/>`,
    caption: 'The lights of a city at night under the moon',
  }
}

const kite: Draw = (d) => {
  const { w, h, next } = d
  const [x, y, size] = [w * (0.3 + next() * 0.4), h * (0.2 + next() * 0.14), h * 0.11]
  return {
    inside: `${sky('s', hsl(204, 70, 54), hsl(198, 62, 88))}<rect width="${w}" height="${h}" fill="url(#s)"/>
      ${ridge(d, 0.72, 0.012, hsl(196, 45, 52))}${ridge(d, 0.82, 0.02, hsl(42, 52, 74))}
      <path d="M${x} ${y + size} q${-w * 0.06} ${h * 0.3} ${-w * 0.02} ${h * 0.5}" stroke="#555" stroke-width="2" fill="none"/>
      <polygon points="${x},${y - size} ${x + size * 0.72},${y} ${x},${y + size} ${x - size * 0.72},${y}" fill="${hsl(4, 80, 50)}"/>
      <polygon points="${x},${y - size} ${x + size * 0.72},${y} ${x},${y}" fill="${hsl(8, 84, 60)}"/>
      <g fill="#3a2f2a"><circle cx="${x - w * 0.02}" cy="${h * 0.755}" r="${h * 0.017}"/><rect x="${x - w * 0.02 - h * 0.013}" y="${h * 0.772}" width="${h * 0.026}" height="${h * 0.07}" rx="6"/></g>`,
    caption: 'Grandma with the red kite on the beach',
  }
}

const flowers: Draw = (d) => {
  const { w, h, next } = d
  const hue = next() < 0.5 ? 350 : 48
  const blossoms = Array.from({ length: 260 }, (_, at) => {
    const depth = (at / 260) ** 1.4
    const r = h * (0.004 + 0.022 * depth)
    return `<circle cx="${next() * w}" cy="${h * (0.52 + 0.48 * depth)}" r="${r}" fill="${hsl(hue + next() * 16, 82, 54 + next() * 12)}"/>`
  })
  return {
    inside: `${sky('s', hsl(207, 60, 62), hsl(200, 55, 90))}<rect width="${w}" height="${h}" fill="url(#s)"/>
      ${ridge(d, 0.48, 0.03, hsl(125, 22, 44))}<rect y="${h * 0.52}" width="${w}" height="${h * 0.48}" fill="${hsl(104, 34, 36)}"/>${blossoms.join('')}`,
    caption: `A field of ${hue === 350 ? 'red' : 'yellow'} flowers in front of a wood`,
  }
}

const lake: Draw = (d) => {
  const { w, h, next } = d
  const seed = Math.floor(next() * 1e9)
  const half = { w, h, next: createRandom(seed) }
  const trees = firs(half, 34, 0.3, 150 + next() * 20)
  return {
    inside: `${sky('s', hsl(28, 60, 76), hsl(200, 30, 88))}<rect width="${w}" height="${h}" fill="url(#s)"/>
      ${ridge(d, 0.3, 0.06, hsl(210, 18, 62))}<g>${trees}</g>
      <rect y="${h * 0.54}" width="${w}" height="${h * 0.46}" fill="${hsl(200, 22, 58)}"/>
      <g transform="translate(0 ${h * 1.08}) scale(1 -1)" opacity=".38">${trees}</g>
      <rect y="${h * 0.54}" width="${w}" height="${h * 0.46}" fill="${hsl(205, 30, 40)}" opacity=".28"/>`,
    caption: 'Firs on the shore of a still lake in the morning',
  }
}

const dunes: Draw = (d) => {
  const { w, h, next } = d
  const hue = 24 + next() * 14
  return {
    inside: `${sky('s', hsl(hue + 190, 42, 62), hsl(hue + 8, 72, 84))}<rect width="${w}" height="${h}" fill="url(#s)"/>
      ${[0, 1, 2, 3].map((n) => ridge(d, 0.5 + n * 0.13, 0.09, hsl(hue - n * 2, 52 + n * 5, 68 - n * 10))).join('')}`,
    caption: 'Dunes of sand in the light of the evening',
  }
}

const draws: readonly Draw[] = [evening, hills, mountains, city, kite, flowers, lake, dunes]

export function drawScene(seed: number): Scene {
  const next = createRandom(seed)
  const [widthPx, heightPx] = sizes[Math.floor(next() * sizes.length)]!
  const draw = draws[Math.floor(next() * draws.length)]!
  const { inside, caption } = draw({ w: widthPx, h: heightPx, next })
  return {
    svg: `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${heightPx}">${inside}</svg>`,
    widthPx,
    heightPx,
    caption,
  }
}

/** As a photo would be: a little soft, with grain. @returns JPEG */
async function renderScene({ svg, widthPx, heightPx }: Scene, seed: number): Promise<Buffer> {
  const grain = await sharp({
    create: {
      width: widthPx,
      height: heightPx,
      channels: 3,
      background: '#808080',
      noise: { type: 'gaussian', mean: 128, sigma: 14 },
    },
  })
    .png()
    .toBuffer()
  return sharp(Buffer.from(svg))
    .blur(1.1)
    .composite([{ input: grain, blend: 'soft-light' }])
    .jpeg({ quality: 86 })
    .withExif({
      IFD0: { Model: seed % 3 === 0 ? 'Drawn 2' : 'Drawn 1', Make: 'Lenslore' },
      IFD2: {
        ExposureTime: `1/${60 * (1 + (seed % 5))}`,
        FNumber: '56/10',
        FocalLength: '35/1',
        ISOSpeedRatings: '200',
      },
    })
    .toBuffer()
}

/**
 * Writes scenes into a folder, taken on days spread over some years by their files' times.
 * @returns what each shows, by file name
 */
export async function writeScenes(directory: string, count: number): Promise<Map<string, string>> {
  mkdirSync(directory, { recursive: true })
  const captions = new Map<string, string>()
  for (let seed = 1; seed <= count; seed++) {
    const scene = drawScene(seed)
    const name = `DSC_${String(seed).padStart(4, '0')}.jpg`
    const path = join(directory, name)
    await sharp(await renderScene(scene, seed))
      .keepExif()
      .toFile(path)
    const taken = Date.UTC(2026, 9, 30) / 1000 - 86_400 * (seed * 1.7 + 14 * Math.floor(seed / 9))
    utimesSync(path, taken, taken)
    captions.set(name, scene.caption)
  }
  return captions
}
