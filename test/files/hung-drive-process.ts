import { readSync, writeSync } from 'node:fs'

// A file system of one file, which answers nothing any more once that is open (or from the beginning): the other end of the fuse connection that this process has as its
// file 3. https://docs.kernel.org/filesystems/fuse/, <linux/fuse.h>

const [name = 'a.jpg', hangsAfter = 'open'] = process.argv.slice(2)
const opcodes = {
  lookup: 1,
  forget: 2,
  getattr: 3,
  open: 14,
  release: 18,
  flush: 25,
  init: 26,
  opendir: 27,
  readdir: 28,
  releasedir: 29,
  access: 34,
  interrupt: 36,
}
const [rootNode, fileNode] = [1n, 2n]
/** FOPEN_NOFLUSH: else to close the file would wait, too, and could not be killed at that. */
const noFlush = 32
const notThere = -2
const notKnown = -38
const secondsValid = 3600n

function attributes(node: bigint): Buffer {
  const isRoot = node === rootNode
  const bytes = Buffer.alloc(88)
  bytes.writeBigUInt64LE(node, 0)
  bytes.writeBigUInt64LE(isRoot ? 0n : 5000n, 8)
  for (const at of [24, 32, 40]) bytes.writeBigUInt64LE(1_600_000_000n, at)
  bytes.writeUInt32LE(isRoot ? 0o40755 : 0o100644, 60)
  bytes.writeUInt32LE(1, 64)
  bytes.writeUInt32LE(4096, 80)
  return bytes
}

function entry(inode: bigint, offset: bigint, type: number, named: string): Buffer {
  const bytes = Buffer.alloc(24 + Math.ceil(named.length / 8) * 8)
  bytes.writeBigUInt64LE(inode, 0)
  bytes.writeBigUInt64LE(offset, 8)
  bytes.writeUInt32LE(named.length, 16)
  bytes.writeUInt32LE(type, 20)
  bytes.write(named, 24)
  return bytes
}

/** @returns what is to be answered, an error, or nothing at all. */
function answerTo(opcode: number, node: bigint, body: Buffer): Buffer | number | undefined {
  switch (opcode) {
    case opcodes.init: {
      const bytes = Buffer.alloc(64)
      bytes.writeUInt32LE(7, 0)
      bytes.writeUInt32LE(31, 4)
      bytes.writeUInt32LE(body.readUInt32LE(8), 8)
      bytes.writeUInt32LE(4096, 20)
      bytes.writeUInt32LE(1, 24)
      return bytes
    }
    case opcodes.lookup: {
      if (body.toString('utf8', 0, body.indexOf(0)) !== name) return notThere
      const bytes = Buffer.alloc(40)
      for (const [at, value] of [fileNode, 1n, secondsValid, secondsValid].entries()) {
        bytes.writeBigUInt64LE(value, at * 8)
      }
      return Buffer.concat([bytes, attributes(fileNode)])
    }
    case opcodes.getattr: {
      const bytes = Buffer.alloc(16)
      bytes.writeBigUInt64LE(secondsValid, 0)
      return Buffer.concat([bytes, attributes(node)])
    }
    case opcodes.open: {
      const bytes = Buffer.alloc(16)
      bytes.writeUInt32LE(noFlush, 8)
      return bytes
    }
    case opcodes.opendir:
      return Buffer.alloc(16)
    case opcodes.readdir:
      return body.readBigUInt64LE(8) > 0n ? Buffer.alloc(0) : entry(fileNode, 1n, 8, name)
    case opcodes.forget:
    case opcodes.interrupt:
      return undefined
    case opcodes.release:
    case opcodes.releasedir:
    case opcodes.flush:
    case opcodes.access:
      return Buffer.alloc(0)
    default:
      return notKnown
  }
}

const request = Buffer.alloc(2 ** 17)
for (;;) {
  const length = readSync(3, request, 0, request.length, null)
  const opcode = request.readUInt32LE(4)
  const answer = answerTo(opcode, request.readBigUInt64LE(16), request.subarray(40, length))
  if (answer === undefined) continue
  const [error, body] = typeof answer === 'number' ? [answer, Buffer.alloc(0)] : [0, answer]
  const head = Buffer.alloc(16)
  head.writeUInt32LE(16 + body.length, 0)
  head.writeInt32LE(error, 4)
  request.copy(head, 8, 8, 16)
  writeSync(3, Buffer.concat([head, body]))
  if (opcode === (hangsAfter === 'open' ? opcodes.open : opcodes.init)) break
}
// What nobody takes from the connection waits, and can be killed at that; what was taken could not.
writeSync(1, 'hangs\n')
setInterval(() => {}, 2 ** 30)
