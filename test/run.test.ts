import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('./run.ts', import.meta.url))

/** Runs test files made of these bodies, by their paths below a folder `test`. */
function runAll(t: TestContext, bodies: Record<string, string>, patienceMs = 60_000) {
  const home = mkdtempSync(join(tmpdir(), 'lenslore-run-'))
  t.after(() => rmSync(home, { recursive: true }))
  for (const [name, body] of Object.entries(bodies)) {
    mkdirSync(join(home, 'test', name, '..'), { recursive: true })
    writeFileSync(join(home, 'test', name), `const { test } = require('node:test')\n${body}`)
  }
  const { NODE_TEST_CONTEXT: _ofThisRun, ...env } = process.env
  const { status, stdout, stderr } = spawnSync(process.execPath, [program], {
    cwd: home,
    env: { ...env, LENSLORE_TEST_PATIENCE_MS: String(patienceMs) },
    encoding: 'utf8',
  })
  return { status, lines: stdout.split('\n'), errors: stderr.split('\n') }
}

const good = 'test("good", () => {})'
const bad = 'test("bad", () => { throw new Error("it is bad") })'

test('all files are in one summary, and the slowest are named before it', (t) => {
  const { status, lines } = runAll(t, {
    'library/one.test.ts': good,
    'library/two.test.ts': `${good}\ntest.skip("other", () => {})`,
    'window/three.test.ts': good,
  })
  assert.equal(status, 0)
  assert.deepEqual(
    lines.filter((line) => /^ℹ (tests|suites|pass|fail|skipped) /.test(line)),
    ['ℹ tests 4', 'ℹ suites 0', 'ℹ pass 3', 'ℹ fail 0', 'ℹ skipped 1'],
  )
  const slow = lines.flatMap((line) => /^ℹ +[\d.]+ s {2}(.*)$/.exec(line)?.slice(1) ?? [])
  assert.deepEqual(slow.sort(), [
    'test/library/one.test.ts',
    'test/library/two.test.ts',
    'test/window/three.test.ts',
  ])
})

test('what fails, or dies, fails the run and is told at its end', (t) => {
  for (const [name, body] of [
    ['library/one.test.ts', bad],
    ['window/one.test.ts', bad],
    ['window/one.test.ts', `${good}\nprocess.on("exit", () => process.exit(7))`],
  ] as const) {
    const { status, lines } = runAll(t, {
      'library/good.test.ts': good,
      'window/good.test.ts': good,
      [name]: body,
    })
    assert.equal(status, 1, name)
    const told = lines.slice(lines.indexOf('ℹ fail 1'))
    assert.ok(told[0] && told.includes('✖ failing tests:'), lines.join('\n'))
    assert.ok(
      told.some((line) => line.includes(name)),
      lines.join('\n'),
    )
  }
})

test('a file that does not end is named, with what failed, and ends the run', (t) => {
  const { status, errors } = runAll(
    t,
    {
      'library/good.test.ts': good,
      'library/one.test.ts': `${bad}\nrequire('node:http').createServer().listen(0, '127.0.0.1')`,
    },
    2000,
  )
  assert.equal(status, 1)
  assert.deepEqual(
    errors.filter((line) => line.startsWith('hangs')),
    ['hangs: test/library/one.test.ts'],
  )
  assert.match(errors.find((line) => line.startsWith('failed')) ?? '', /one\.test\.ts: bad: it is bad$/)
})
