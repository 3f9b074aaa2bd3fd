import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { createMemoryChannel } from '../../src-main/channels/memory.ts'
import { contractHash } from '../../src-main/contract/contract-hash.ts'
import { libraryCalls, pageCalls } from '../../src-main/contract/library-calls.ts'
import { mostPictureBytes } from '../../src-main/contract/picture-size.ts'
import { checkParams, connect, serve } from '../../src-main/contract/rpc.ts'
import { openLibraryFor } from '../library/library-under-test.ts'

// What a page may ask: nothing that names a file, nothing without a bound, nothing that nobody answers.

type Schema = z.core.JSONSchema.BaseSchema

const schemaOf = (params: z.ZodType) =>
  z.toJSONSchema(params, { io: 'input', unrepresentable: 'any' }) as Schema

/** What is wrong with a schema of parameters, each with the place where it stands. */
function faultsOf(schema: Schema, place: string): string[] {
  const within = [
    ...Object.entries(schema.properties ?? {}).flatMap(([name, property]) => [
      ...(/path|file|director|folder$/i.test(name) ? [`${place}.${name} names a file`] : []),
      ...faultsOf(property as Schema, `${place}.${name}`),
    ]),
    ...(schema.anyOf ?? []).flatMap((each) => faultsOf(each as Schema, place)),
    ...(schema.items ? faultsOf(schema.items as Schema, `${place}[]`) : []),
  ]
  if (
    schema.type === 'string' &&
    schema.maxLength === undefined &&
    !schema.enum &&
    schema.const === undefined
  )
    within.push(`${place} is text without a bound`)
  if (schema.type === 'array' && schema.maxItems === undefined)
    within.push(`${place} is a list without a bound`)
  if (schema.type === undefined && !schema.anyOf && !schema.enum && schema.const === undefined)
    within.push(`${place} may be anything`)
  return within
}

test('a page call names no file, and all that it can carry is bounded', () => {
  const names = Object.keys(pageCalls)
  assert.ok(names.includes('search') && names.includes('setCaption'))
  const faults = Object.entries(pageCalls).flatMap(([name, { params }]) => faultsOf(schemaOf(params), name))
  assert.deepEqual(faults, [])
})

test('what a page must not ask is seen by this very test', () => {
  const { addFolder, exportTable } = libraryCalls
  assert.deepEqual(faultsOf(schemaOf(addFolder.params), 'addFolder'), ['addFolder.path names a file'])
  assert.equal(faultsOf(schemaOf(exportTable.params), 'exportTable').length, 1)
  assert.equal(faultsOf(schemaOf(z.object({ words: z.array(z.string()) })), 'x').length, 2)
})

test('a picture to compare photos with is bytes, some, and no more than a message takes', () => {
  const { params } = pageCalls.likePicture
  const check = (bytes: unknown) => checkParams(params, 'likePicture', { bytes })
  assert.equal(check(new Uint8Array(mostPictureBytes)).bytes.byteLength, mostPictureBytes)
  for (const bytes of [new Uint8Array(mostPictureBytes + 1), new Uint8Array()]) {
    assert.throws(
      () => check(bytes),
      /A picture to compare photos with has at most 32 MB, and is not empty\./,
    )
  }
  assert.throws(() => check('AAAA'), { code: 'INVALID_ARGUMENT' })
})

test('every call has a handler, and a page that is served the page calls reaches no other', async (t) => {
  const { handlers } = openLibraryFor(t)
  assert.deepEqual(Object.keys(handlers).sort(), Object.keys(libraryCalls).sort())
  const [here, there] = createMemoryChannel()
  serve(there, pageCalls, handlers)
  const page = connect(here, libraryCalls)
  assert.deepEqual(await page.folders({}), [])
  await assert.rejects(page.addFolder({ path: '/' }), { code: 'INVALID_ARGUMENT' })
  await assert.rejects(page.photoAt({ path: '/etc/passwd' }), { code: 'INVALID_ARGUMENT' })
  await assert.rejects(page.useModel({ name: '../elsewhere' }), { code: 'INVALID_ARGUMENT' })
})

test('another version, another parameter or another right is another contract; the order of the calls is not', async () => {
  const calls = {
    one: { page: true, params: z.object({ a: z.int() }) },
    two: { page: false, params: z.object({}) },
  }
  const { one, two } = calls
  const hash = await contractHash(calls, '1.0.0')
  assert.match(hash, /^[0-9a-f]{64}$/)
  assert.equal(await contractHash({ two, one }, '1.0.0'), hash)
  for (const other of [
    contractHash(calls, '1.0.1'),
    contractHash({ one, two: { ...two, page: true } }, '1.0.0'),
    contractHash({ two, one: { page: true, params: z.object({ a: z.int().max(5) }) } }, '1.0.0'),
    contractHash({ one }, '1.0.0'),
  ]) {
    assert.notEqual(await other, hash)
  }
})
