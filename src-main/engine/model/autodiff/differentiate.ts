import type { Graph, GraphNode, Shape, Value } from '../graph.ts'
import { add, sumAway, sum as sumOver } from '../operators.ts'
import type { Gradient } from './rule.ts'
import { rules } from './rules.ts'

/** A value whose gradient by one of its sources we know better than its nodes tell, all else about it being constant. */
export interface Shortcut {
  readonly value: Value
  readonly source: Value
  /** @returns the gradient by the source, of its shape */
  gradient(g: Graph, byValue: Value): Value
}

/**
 * Appends to a graph the gradients of a loss, by reverse-mode differentiation: from the loss back along those paths
 * only that reach a variable, so that a frozen layer costs its input's gradient at most, and nothing where no variable
 * lies before it.
 * @param loss float32 of one element
 * @param variables values of the graph that the loss depends on
 * @returns a gradient for each, of its shape
 * @throws RangeError naming the operator that has no gradient, or whose gradient does not fit its input; naming a
 * variable that the loss does not depend on
 */
export function differentiate(
  g: Graph,
  loss: Value,
  variables: readonly Value[],
  shortcuts: readonly Shortcut[] = [],
): Value[] {
  if (loss.shape.some((size) => size !== 1)) throw new RangeError(`[${loss.shape}] is not one loss`)
  const forward = [...g.nodes]
  const dependent = findDependent(forward, variables)
  const contributions = new Map<Value, Value[]>()
  const contribute = (node: GraphNode, index: number, source: Value, gradient: Value) => {
    const contribution = sumTo(g, gradient, source.shape)
    checkFit(node, index, source, contribution)
    contributions.set(source, [...(contributions.get(source) ?? []), contribution])
  }
  const one = g.constant('float32', loss.shape as readonly number[], [1])
  if (dependent.has(loss)) contributions.set(loss, [one])

  for (const node of forward.toReversed()) {
    const gradients = node.outputs.map((value) => collect(g, contributions, value))
    const gradient = gradients[0] ?? gradients.find((each) => each !== null)
    if (!gradient) continue
    if (node.operator !== 'Split' && gradients.slice(1).some((each) => each !== null)) {
      throw new RangeError(`${node.operator} is differentiated by its first output only`)
    }
    const shortcut = shortcuts.find(({ value }) => node.outputs.includes(value))
    if (shortcut) {
      contribute(node, 0, shortcut.source, shortcut.gradient(g, gradient))
      continue
    }
    for (const [index, source] of node.inputs.entries()) {
      if (!source || !dependent.has(source)) continue
      const by = gradientBy(node, index)
      if (by) contribute(node, index, source, by({ g, node, gradient, gradients, index }))
    }
  }
  return variables.map((variable) => {
    const gradient = collect(g, contributions, variable)
    if (!gradient) throw new RangeError(`The loss does not depend on ${variable.name}`)
    return gradient
  })
}

/** Everything that changes with a variable. */
function findDependent(nodes: readonly GraphNode[], variables: readonly Value[]): ReadonlySet<Value> {
  const dependent = new Set(variables)
  for (const node of nodes) {
    if (rules[node.operator].kind === 'constant') continue
    const depends = node.inputs.some(
      (source, index) => source && dependent.has(source) && letsThrough(node, index),
    )
    if (depends) for (const value of node.outputs) dependent.add(value)
  }
  return dependent
}

function letsThrough(node: GraphNode, index: number): boolean {
  return rules[node.operator].kind === 'refused' || gradientBy(node, index) !== null
}

/** @throws RangeError where the operator is one that we have no gradient for */
function gradientBy({ operator }: GraphNode, index: number): Gradient | null {
  const rule = rules[operator]
  if (rule.kind === 'constant') return null
  if (rule.kind === 'refused') throw new RangeError(`${operator} is not differentiated`)
  const own = rule.inputs[index]
  return own === undefined ? rule.inputs.at(-1)! : own
}

/** The sum of what came to a value; the sum takes their place. */
function collect(g: Graph, contributions: Map<Value, Value[]>, value: Value): Value | null {
  const all = contributions.get(value)
  if (!all) return null
  const total = all.reduce((sum, each) => add(g, sum, each))
  contributions.set(value, [total])
  return total
}

/** The sum over the axes that a tensor of some shape was repeated along: the inverse of every broadcast. */
function sumTo(g: Graph, gradient: Value, shape: Shape): Value {
  const more = Math.max(0, gradient.shape.length - shape.length)
  const rows = more === 0 ? gradient : sumAway(g, gradient, [...Array(more).keys()])
  return shape.reduce<Value>(
    (total, size, axis) => (size === 1 && total.shape[axis] !== 1 ? sumOver(g, total, axis) : total),
    rows,
  )
}

function checkFit(node: GraphNode, index: number, source: Value, gradient: Value): void {
  const fits = gradient.type === source.type && gradient.shape.join() === source.shape.join()
  if (fits) return
  throw new RangeError(
    `The gradient of ${node.operator} by its input ${index} is ${gradient.type} [${gradient.shape}] where the input is ${source.type} [${source.shape}]`,
  )
}
