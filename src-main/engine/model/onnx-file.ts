import type {
  Attribute,
  ElementType,
  Graph,
  GraphNode,
  Initializer,
  Operator,
  TensorLocation,
  Value,
} from './graph.ts'
import { ProtoWriter } from './protobuf.ts'

/**
 * A graph as the bytes of an ONNX ModelProto. Field numbers are those of
 * https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */

const irVersion = 10
const operatorSet = 21
/** Operators of the runtime's own: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md */
const runtimeDomain = 'com.microsoft'
const runtimeOperatorSet = 1
const runtimeOperators: ReadonlySet<Operator> = new Set(['DynamicQuantizeMatMul'])

const dataTypes: Record<ElementType, number> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  bfloat16: 16,
}
const attributeTypes = { float: 1, int: 2, string: 3, graph: 5, ints: 7 }
const externalDataLocation = 1

/**
 * Where the runtime finds a stored tensor: in a file, named relative to the folder that it is told to look in with `/`
 * between names, or as bytes inside the model.
 */
export type Placement = { file: string; offsetBytes: number; byteLength: number } | { bytes: Uint8Array }
export type PlaceTensor = (location: TensorLocation) => Placement

export function serialiseModel(graph: Graph, place: PlaceTensor): Uint8Array {
  return new ProtoWriter()
    .int(1, irVersion)
    .string(2, 'lenslore')
    .message(7, writeGraph(graph, place))
    .message(8, new ProtoWriter().string(1, '').int(2, operatorSet))
    .message(8, new ProtoWriter().string(1, runtimeDomain).int(2, runtimeOperatorSet))
    .finish()
}

function writeGraph(graph: Graph, place: PlaceTensor): ProtoWriter {
  const writer = new ProtoWriter()
  for (const node of graph.nodes) writer.message(1, writeNode(node, place))
  writer.string(2, graph.name)
  for (const initializer of graph.initializers) writer.message(5, writeTensor(initializer, place))
  for (const value of graph.inputs) writer.message(11, writeValueInfo(value))
  for (const value of graph.outputs) writer.message(12, writeValueInfo(value))
  return writer
}

function writeNode(node: GraphNode, place: PlaceTensor): ProtoWriter {
  const writer = new ProtoWriter()
  for (const input of node.inputs) writer.string(1, input?.name ?? '')
  for (const output of node.outputs) writer.string(2, output.name)
  writer.string(3, node.outputs[0]!.name).string(4, node.operator)
  if (runtimeOperators.has(node.operator)) writer.string(7, runtimeDomain)
  for (const [name, value] of Object.entries(node.attributes)) {
    writer.message(5, writeAttribute(name, value, place))
  }
  return writer
}

function writeAttribute(name: string, value: Attribute, place: PlaceTensor): ProtoWriter {
  const writer = new ProtoWriter().string(1, name)
  if (typeof value === 'number') return writer.int(3, value).int(20, attributeTypes.int)
  if (typeof value === 'string') {
    return writer.bytes(4, new TextEncoder().encode(value)).int(20, attributeTypes.string)
  }
  if ('float' in value) return writer.float(2, value.float).int(20, attributeTypes.float)
  if ('nodes' in value) return writer.message(6, writeGraph(value, place)).int(20, attributeTypes.graph)
  for (const item of value) writer.int(8, item)
  return writer.int(20, attributeTypes.ints)
}

function writeTensor(initializer: Initializer, place: PlaceTensor): ProtoWriter {
  const { name, type, shape } = initializer.value
  const writer = new ProtoWriter()
    .packedInts(1, shape as readonly number[])
    .int(2, dataTypes[type])
    .string(8, name)
  const placement = 'bytes' in initializer ? initializer : place(initializer.location)
  if ('bytes' in placement) return writer.bytes(9, placement.bytes)
  const { file, offsetBytes, byteLength } = placement
  const entries = { location: file, offset: `${offsetBytes}`, length: `${byteLength}` }
  for (const [key, value] of Object.entries(entries)) {
    writer.message(13, new ProtoWriter().string(1, key).string(2, value))
  }
  return writer.int(14, externalDataLocation)
}

function writeValueInfo(value: Value): ProtoWriter {
  const shape = new ProtoWriter()
  for (const dimension of value.shape) {
    const field = new ProtoWriter()
    if (typeof dimension === 'number') field.int(1, dimension)
    else field.string(2, dimension)
    shape.message(1, field)
  }
  const tensor = new ProtoWriter().int(1, dataTypes[value.type]).message(2, shape)
  return new ProtoWriter().string(1, value.name).message(2, new ProtoWriter().message(1, tensor))
}
