import { unchecked } from '../../src-main/contract/rpc.ts'

export const portCalls = {
  data: unchecked<null, unknown>(),
  double: unchecked<Float32Array<ArrayBuffer>, Float32Array<ArrayBuffer>>(),
  wait: unchecked<null, null>(),
  fail: unchecked<null, null>(),
  throwOutside: unchecked<null, null>(),
  fillMemory: unchecked<null, null>(),
  leave: unchecked<null, null>(),
}
