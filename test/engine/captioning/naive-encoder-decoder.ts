/**
 * A ViT encoder and a GPT-2 decoder with cross-attention, one picture and one text, written out in loops over rows:
 * what the published implementation computes, shared with nothing in the product.
 */

export type Tensors = Map<string, { shape: number[]; data: Float32Array }>
type Matrix = number[][]

interface Config {
  encoder: { num_hidden_layers: number; num_attention_heads: number; image_size: number; patch_size: number }
  decoder: { n_layer: number; n_head: number }
}

/** @returns `memory` `[1+N, d]`, `logits` `[T, vocabulary]`, the last layer's cross-`attention` `[heads, T, 1+N]` */
export function runNaively(tensors: Tensors, config: Config, pixels: Float32Array, tokens: number[]) {
  const memory = encode(tensors, config.encoder, pixels)
  const name = 'decoder.transformer'
  const words = matrix(tensors, `${name}.wte.weight`)
  const places = matrix(tensors, `${name}.wpe.weight`)
  let hidden = tokens.map((token, position) => plus(words[token]!, places[position]!))
  let attention: Matrix[] = []
  for (let index = 0; index < config.decoder.n_layer; index++) {
    const layer = `${name}.h.${index}`
    const joined = conv(tensors, `${layer}.attn.c_attn`, norm(tensors, `${layer}.ln_1`, hidden, 1e-5))
    const [q, k, v] = cut(joined, 3) as [Matrix, Matrix, Matrix]
    const own = attend(q, k, v, config.decoder.n_head, true)
    hidden = sum(hidden, conv(tensors, `${layer}.attn.c_proj`, own.context))

    const asked = conv(
      tensors,
      `${layer}.crossattention.q_attn`,
      norm(tensors, `${layer}.ln_cross_attn`, hidden, 1e-5),
    )
    const [mk, mv] = cut(conv(tensors, `${layer}.crossattention.c_attn`, memory), 2) as [Matrix, Matrix]
    const cross = attend(asked, mk, mv, config.decoder.n_head, false)
    attention = cross.weights
    hidden = sum(hidden, conv(tensors, `${layer}.crossattention.c_proj`, cross.context))

    const wide = conv(tensors, `${layer}.mlp.c_fc`, norm(tensors, `${layer}.ln_2`, hidden, 1e-5))
    const active = wide.map((row) => row.map(geluNew))
    hidden = sum(hidden, conv(tensors, `${layer}.mlp.c_proj`, active))
  }
  const last = norm(tensors, `${name}.ln_f`, hidden, 1e-5)
  const logits = last.map((row) => words.map((word) => dot(row, word)))
  return { memory: memory.flat(), logits: logits.flat(), attention: attention.flat(2) }
}

function encode(tensors: Tensors, config: Config['encoder'], pixels: Float32Array): Matrix {
  const { image_size: size, patch_size: patch } = config
  const side = size / patch
  const kernels = matrix(tensors, 'encoder.embeddings.patch_embeddings.projection.weight')
  const bias = vector(tensors, 'encoder.embeddings.patch_embeddings.projection.bias')
  const rows: Matrix = [vector(tensors, 'encoder.embeddings.cls_token')]
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const seen: number[] = []
      for (let channel = 0; channel < 3; channel++) {
        for (let v = 0; v < patch; v++) {
          for (let u = 0; u < patch; u++) {
            seen.push(pixels[(channel * size + y * patch + v) * size + x * patch + u]!)
          }
        }
      }
      rows.push(kernels.map((kernel, index) => dot(kernel, seen) + bias[index]!))
    }
  }
  const width = bias.length
  const positions = vector(tensors, 'encoder.embeddings.position_embeddings')
  let hidden = rows.map((row, index) => plus(row, positions.slice(index * width, (index + 1) * width)))
  for (let index = 0; index < config.num_hidden_layers; index++) {
    const layer = `encoder.encoder.layer.${index}`
    const normed = norm(tensors, `${layer}.layernorm_before`, hidden, 1e-12)
    const [q, k, v] = ['query', 'key', 'value'].map((part) =>
      linear(tensors, `${layer}.attention.attention.${part}`, normed),
    ) as [Matrix, Matrix, Matrix]
    const { context } = attend(q, k, v, config.num_attention_heads, false)
    hidden = sum(hidden, linear(tensors, `${layer}.attention.output.dense`, context))
    const wide = linear(
      tensors,
      `${layer}.intermediate.dense`,
      norm(tensors, `${layer}.layernorm_after`, hidden, 1e-12),
    )
    const active = wide.map((row) => row.map((x) => (x * (1 + erf(x / Math.SQRT2))) / 2))
    hidden = sum(hidden, linear(tensors, `${layer}.output.dense`, active))
  }
  return norm(tensors, 'encoder.layernorm', hidden, 1e-12)
}

function attend(q: Matrix, k: Matrix, v: Matrix, heads: number, causal: boolean) {
  const width = q[0]!.length / heads
  const context: Matrix = q.map(() => [])
  const weights: Matrix[] = []
  for (let head = 0; head < heads; head++) {
    const part = (row: number[]) => row.slice(head * width, (head + 1) * width)
    const rows = q.map((query, at) => {
      const visible = k.map((key, from) =>
        causal && from > at ? Number.NEGATIVE_INFINITY : dot(part(query), part(key)) / Math.sqrt(width),
      )
      const exponents = visible.map((score) => Math.exp(score))
      const total = exponents.reduce((a, b) => a + b)
      return exponents.map((value) => value / total)
    })
    weights.push(rows)
    for (const [at, row] of rows.entries()) {
      for (let column = 0; column < width; column++) {
        context[at]!.push(row.reduce((total, weight, from) => total + weight * part(v[from]!)[column]!, 0))
      }
    }
  }
  return { context, weights }
}

function norm(tensors: Tensors, name: string, rows: Matrix, epsilon: number): Matrix {
  const scale = vector(tensors, `${name}.weight`)
  const bias = vector(tensors, `${name}.bias`)
  return rows.map((row) => {
    const mean = row.reduce((a, b) => a + b) / row.length
    const variance = row.reduce((total, x) => total + (x - mean) ** 2, 0) / row.length
    return row.map((x, at) => ((x - mean) / Math.sqrt(variance + epsilon)) * scale[at]! + bias[at]!)
  })
}

/** `[out, in]` */
function linear(tensors: Tensors, name: string, rows: Matrix): Matrix {
  const weights = matrix(tensors, `${name}.weight`)
  const bias = vector(tensors, `${name}.bias`)
  return rows.map((row) => weights.map((weight, at) => dot(row, weight) + bias[at]!))
}

/** `[in, out]` */
function conv(tensors: Tensors, name: string, rows: Matrix): Matrix {
  const weights = matrix(tensors, `${name}.weight`)
  const bias = vector(tensors, `${name}.bias`)
  return rows.map((row) =>
    bias.map((start, out) => row.reduce((total, x, at) => total + x * weights[at]![out]!, start)),
  )
}

/** The first size counts the rows, whatever the others are. */
function matrix(tensors: Tensors, name: string): Matrix {
  const { shape, data } = tensors.get(name)!
  const width = data.length / shape[0]!
  return Array.from({ length: shape[0]! }, (_, at) => Array.from(data.subarray(at * width, (at + 1) * width)))
}

function vector(tensors: Tensors, name: string): number[] {
  return Array.from(tensors.get(name)!.data)
}

function cut(rows: Matrix, parts: number): Matrix[] {
  const width = rows[0]!.length / parts
  return Array.from({ length: parts }, (_, part) =>
    rows.map((row) => row.slice(part * width, (part + 1) * width)),
  )
}

const dot = (a: number[], b: number[]) => a.reduce((total, x, at) => total + x * b[at]!, 0)
const plus = (a: number[], b: number[]) => a.map((x, at) => x + b[at]!)
const sum = (a: Matrix, b: Matrix) => a.map((row, at) => plus(row, b[at]!))
const geluNew = (x: number) => (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))

/** By its series; enough terms for arguments below five. */
function erf(x: number): number {
  let term = x
  let total = x
  for (let n = 1; n < 100; n++) {
    term *= -(x * x) / n
    total += term / (2 * n + 1)
  }
  return (2 / Math.sqrt(Math.PI)) * total
}
