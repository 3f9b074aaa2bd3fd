import { miniatureSidePx } from '../../contract/miniature.ts'

/** A miniature in three sizes, the largest first, and what of it is finer than its shades. */
export interface Pyramid {
  /** Each `[side, side]`: 32, 16 and 8. */
  levels: Float32Array[]
  /** `[32, 32]` */
  detail: Float32Array
  /** Mean square of that, in grey levels squared. */
  detailPower: number
}

/** How well one picture lies on another, where it lies best. */
export interface Alignment {
  /** Correlation of the shades where both have something, −1 to 1. */
  shades: number
  /** The same of what is finer. */
  detail: number
}

const coarsestPx = 8
/** From the coarsest on. */
const steps = [8, 6, 6]
/** In sides of the picture, of which there are 2: a step as small as this is the last. */
const closeEnough = 0.003
/** Less of a picture than this says nothing about all of it. */
const leastShared = 0.4
const detailReach = 2
const damping = 1e-3
/** What lies worse than this while it is coarse is not gone on with: nearly all that is another picture. */
const hopeful = 0.75
/** What lies as well as this needs no other try. */
const certain = 0.97
/** Of the ways to lay one on the other, so many are tried, at these sizes. */
const turnsTried = 2
const scales = [1, 0.8]
const nothing: Alignment = { shades: -1, detail: -1 }

/** Nothing that is made of a picture is stretched further than this, nor smaller or larger than so many times the whole. */
const mostStretched = 1.6
const mostScaled = 1.8

/** Where a point of one picture is in another: x = a·u + b·v + c, y = d·u + e·v + f, from −1 to 1 along each side. */
type Affine = [a: number, b: number, c: number, d: number, e: number, f: number]
const unknowns = 6

/** Upright, on its sides and upside down, and all of these mirrored. */
const turns: readonly Affine[] = [
  [1, 0, 0, 0, 1, 0],
  [0, 1, 0, -1, 0, 0],
  [-1, 0, 0, 0, -1, 0],
  [0, -1, 0, 1, 0, 0],
  [-1, 0, 0, 0, 1, 0],
  [0, 1, 0, 1, 0, 0],
  [1, 0, 0, 0, -1, 0],
  [0, -1, 0, -1, 0, 0],
]

/** @param grey as `unpackMiniature` has it */
export function pyramidOf(grey: Float32Array): Pyramid {
  const levels = [grey]
  for (let side = miniatureSidePx; side > coarsestPx; side /= 2) levels.push(halve(levels.at(-1)!, side))
  const detail = detailOf(grey, miniatureSidePx)
  const detailPower = detail.reduce((sum, each) => sum + each * each, 0) / detail.length
  return { levels, detail, detailPower }
}

/**
 * Lays two pictures on each other, however one was cropped, scaled, turned, mirrored or made brighter: by Gauss and Newton from coarse to fine
 * (Lucas and Kanade), from the likeliest turns on.
 */
export function align(one: Pyramid, other: Pyramid): Alignment {
  const found = alignOnto(one, other)
  if (found.shades > certain) return found
  // What was cropped lies whole on what it was cropped from, and not the other way round.
  const turned = alignOnto(other, one)
  return turned.shades + turned.detail > found.shades + found.detail ? turned : found
}

function alignOnto(one: Pyramid, other: Pyramid): Alignment {
  const likely = turns
    .map((turn) => ({
      turn,
      shades: Math.max(...scales.map((scale) => coarseShades(one, other, turn, scale))),
    }))
    .sort((a, b) => b.shades - a.shades)
    .slice(0, turnsTried)
  let best = nothing
  for (const { turn } of likely) {
    for (const scale of scales) {
      const way = fit(one.levels, other.levels, scaled(turn, scale))
      const shades = way && isLikely(way) ? correlate(one.levels[0]!, other.levels[0]!, way) : -1
      if (shades <= best.shades) continue
      best = { shades, detail: correlate(one.detail, other.detail, way!) }
      if (shades > certain) return best
    }
  }
  return best
}

function coarseShades(one: Pyramid, other: Pyramid, turn: Affine, scale: number): number {
  return correlate(one.levels.at(-1)!, other.levels.at(-1)!, scaled(turn, scale))
}

function scaled(turn: Affine, scale: number): Affine {
  return turn.map((each) => each * scale) as Affine
}

/** A few circles lie well on a few others that are drawn out enough. */
function isLikely([a, b, , d, e]: Affine): boolean {
  // The largest and the least length of a vector of length 1 (singular values).
  const [square, area] = [a * a + b * b + d * d + e * e, Math.abs(a * e - b * d)]
  const longest = (Math.sqrt(square + 2 * area) + Math.sqrt(Math.max(square - 2 * area, 0))) / 2
  const shortest = area / longest
  return shortest > 1 / mostScaled && longest < mostScaled && longest < mostStretched * shortest
}

/** Undefined where it leads nowhere. */
function fit(
  ones: readonly Float32Array[],
  others: readonly Float32Array[],
  start: Affine,
): Affine | undefined {
  const way: Affine = [...start]
  for (const [at, mostSteps] of steps.entries()) {
    const level = ones.length - 1 - at
    const [template, picture] = [ones[level]!, others[level]!]
    const side = Math.sqrt(template.length)
    for (let step = 0; step < mostSteps; step++) {
      const moved = improve(template, picture, side, way)
      if (moved === undefined) return undefined
      if (moved < closeEnough) break
    }
    if (level > 0 && correlate(template, picture, way) < hopeful) return undefined
  }
  return way
}

/** What lies under each pixel of the template, and how it changes there. */
const under = {
  values: new Float32Array(miniatureSidePx ** 2),
  alongX: new Float32Array(miniatureSidePx ** 2),
  alongY: new Float32Array(miniatureSidePx ** 2),
  isThere: new Uint8Array(miniatureSidePx ** 2),
}
const normal = new Float64Array(unknowns * unknowns)
const wanted = new Float64Array(unknowns)
/** For xx, xy and yy in turn: sums of u², uv, u, v², v, 1. */
const sums = new Float64Array(3 * unknowns)

function addRow(pair: number, v: number, ones: number, us: number, squares: number): void {
  const from = pair * unknowns
  sums[from]! += squares
  sums[from + 1]! += v * us
  sums[from + 2]! += us
  sums[from + 3]! += v * v * ones
  sums[from + 4]! += v * ones
  sums[from + 5]! += ones
}

/** Which sum stands for the product of the i-th and the j-th of u, v and 1. */
const placeOfProduct = [
  [0, 1, 2],
  [1, 3, 4],
  [2, 4, 5],
]

function fillNormal(): void {
  for (let i = 0; i < unknowns; i++) {
    for (let j = 0; j < unknowns; j++) {
      const pair = (i < 3 ? 0 : 1) + (j < 3 ? 0 : 1)
      normal[i * unknowns + j] = sums[pair * unknowns + placeOfProduct[i % 3]![j % 3]!]!
    }
  }
}

/** One step. @returns how far it went; undefined where there is none. */
function improve(
  template: Float32Array,
  picture: Float32Array,
  side: number,
  way: Affine,
): number | undefined {
  const shared = look(picture, side, way)
  if (shared < leastShared * side * side) return undefined
  const { mean, meanUnder, power, powerUnder, product } = compare(template, side, shared)
  const gain = product / (power + 1e-9)
  if (!(powerUnder > 0 && gain > 1e-4)) return undefined
  sums.fill(0)
  wanted.fill(0)
  for (let row = 0, at = 0; row < side; row++) {
    const v = (2 * row + 1) / side - 1
    // Of a row, so that there are fewer sums for each pixel: of 1, u and u², by how the picture changes along x and y.
    let xx = 0
    let xxu = 0
    let xxuu = 0
    let xy = 0
    let xyu = 0
    let xyuu = 0
    let yy = 0
    let yyu = 0
    let yyuu = 0
    let xo = 0
    let xou = 0
    let yo = 0
    let you = 0
    for (let column = 0; column < side; column++, at++) {
      if (under.isThere[at] === 0) continue
      const u = (2 * column + 1) / side - 1
      const x = under.alongX[at]!
      const y = under.alongY[at]!
      const off = gain * (template[at]! - mean) - (under.values[at]! - meanUnder)
      const x2 = x * x
      const both = x * y
      const y2 = y * y
      xx += x2
      xxu += x2 * u
      xxuu += x2 * u * u
      xy += both
      xyu += both * u
      xyuu += both * u * u
      yy += y2
      yyu += y2 * u
      yyuu += y2 * u * u
      xo += x * off
      xou += x * off * u
      yo += y * off
      you += y * off * u
    }
    addRow(0, v, xx, xxu, xxuu)
    addRow(1, v, xy, xyu, xyuu)
    addRow(2, v, yy, yyu, yyuu)
    wanted[0]! += xou
    wanted[1]! += v * xo
    wanted[2]! += xo
    wanted[3]! += you
    wanted[4]! += v * yo
    wanted[5]! += yo
  }
  fillNormal()
  let trace = 0
  for (let i = 0; i < unknowns; i++) trace += normal[i * unknowns + i]!
  for (let i = 0; i < unknowns; i++) normal[i * unknowns + i]! += (damping * trace) / unknowns
  if (!solve()) return undefined
  let farthest = 0
  for (let i = 0; i < unknowns; i++) {
    way[i]! += wanted[i]!
    farthest = Math.max(farthest, Math.abs(wanted[i]!))
  }
  return farthest
}

/** Reads a picture where the template's pixels lie on it, between its own. @returns how many do. */
function look(picture: Float32Array, side: number, [a, b, c, d, e, f]: Affine): number {
  const { values, alongX, alongY, isThere } = under
  let shared = 0
  for (let row = 0, at = 0; row < side; row++) {
    const v = (2 * row + 1) / side - 1
    for (let column = 0; column < side; column++, at++) {
      const u = (2 * column + 1) / side - 1
      const x = ((a * u + b * v + c + 1) * side - 1) / 2
      const y = ((d * u + e * v + f + 1) * side - 1) / 2
      if (!(x >= -0.5 && y >= -0.5 && x <= side - 0.5 && y <= side - 0.5)) {
        isThere[at] = 0
        continue
      }
      const left = Math.min(Math.max(Math.floor(x), 0), side - 2)
      const top = Math.min(Math.max(Math.floor(y), 0), side - 2)
      const right = Math.min(Math.max(x - left, 0), 1)
      const low = Math.min(Math.max(y - top, 0), 1)
      const from = top * side + left
      const p = picture[from]!
      const q = picture[from + 1]!
      const r = picture[from + side]!
      const s = picture[from + side + 1]!
      values[at] = (p * (1 - right) + q * right) * (1 - low) + (r * (1 - right) + s * right) * low
      alongX[at] = (((q - p) * (1 - low) + (s - r) * low) * side) / 2
      alongY[at] = (((r - p) * (1 - right) + (s - q) * right) * side) / 2
      isThere[at] = 1
      shared++
    }
  }
  return shared
}

/** Sums over what both have. */
function compare(template: Float32Array, side: number, shared: number) {
  const { values, isThere } = under
  let [sum, sumUnder] = [0, 0]
  for (let at = 0; at < side * side; at++) {
    if (isThere[at] === 0) continue
    sum += template[at]!
    sumUnder += values[at]!
  }
  const [mean, meanUnder] = [sum / shared, sumUnder / shared]
  let [power, powerUnder, product] = [0, 0, 0]
  for (let at = 0; at < side * side; at++) {
    if (isThere[at] === 0) continue
    const one = template[at]! - mean
    const other = values[at]! - meanUnder
    power += one * one
    powerUnder += other * other
    product += one * other
  }
  return { mean, meanUnder, power, powerUnder, product }
}

/** −1 where too little lies on each other. */
function correlate(template: Float32Array, picture: Float32Array, way: Affine): number {
  const side = Math.sqrt(template.length)
  const shared = look(picture, side, way)
  if (shared < leastShared * side * side) return -1
  const { power, powerUnder, product } = compare(template, side, shared)
  return power * powerUnder > 0 ? product / Math.sqrt(power * powerUnder) : -1
}

/** Gauss's elimination of `normal` and `wanted`, which becomes the solution. @returns false where there is none. */
function solve(): boolean {
  for (let i = 0; i < unknowns; i++) {
    const pivot = normal[i * unknowns + i]!
    if (!(Math.abs(pivot) > 1e-9)) return false
    for (let row = i + 1; row < unknowns; row++) {
      const factor = normal[row * unknowns + i]! / pivot
      for (let column = i; column < unknowns; column++) {
        normal[row * unknowns + column]! -= factor * normal[i * unknowns + column]!
      }
      wanted[row]! -= factor * wanted[i]!
    }
  }
  for (let i = unknowns - 1; i >= 0; i--) {
    let sum = wanted[i]!
    for (let column = i + 1; column < unknowns; column++)
      sum -= normal[i * unknowns + column]! * wanted[column]!
    wanted[i] = sum / normal[i * unknowns + i]!
  }
  return true
}

function halve(picture: Float32Array, side: number): Float32Array {
  const half = side / 2
  const halved = new Float32Array(half * half)
  for (let at = 0; at < halved.length; at++) {
    const from = 2 * Math.floor(at / half) * side + 2 * (at % half)
    halved[at] = (picture[from]! + picture[from + 1]! + picture[from + side]! + picture[from + side + 1]!) / 4
  }
  return halved
}

/** What each pixel differs from its surroundings by. */
function detailOf(picture: Float32Array, side: number): Float32Array {
  const detail = new Float32Array(side * side)
  for (let row = 0, at = 0; row < side; row++) {
    for (let column = 0; column < side; column++, at++) {
      let sum = 0
      let count = 0
      for (let y = Math.max(row - detailReach, 0); y <= Math.min(row + detailReach, side - 1); y++) {
        for (let x = Math.max(column - detailReach, 0); x <= Math.min(column + detailReach, side - 1); x++) {
          sum += picture[y * side + x]!
          count++
        }
      }
      detail[at] = picture[at]! - sum / count
    }
  }
  return detail
}
