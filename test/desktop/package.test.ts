import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

// What electron-builder makes of its configuration, as far as that goes without Electron's binary.

const root = fileURLToPath(new URL('../..', import.meta.url))
const builder = createRequire(createRequire(import.meta.url).resolve('electron-builder'))

interface Config {
  publish: object | null
  asarUnpack: string[]
  electronFuses: object
  files: unknown
}
const { getConfig } = builder('app-builder-lib/out/util/config/config.js') as {
  getConfig(root: string, file: string, options: null): Promise<Config>
}
const { getPublishConfigs, getAppUpdatePublishConfiguration } = builder(
  'app-builder-lib/out/publish/PublishManager.js',
) as Record<string, (packager: object, ...rest: unknown[]) => Promise<Record<string, string> | null>>
const { expandMacro } = builder('app-builder-lib/out/util/macroExpander.js') as {
  expandMacro(pattern: string, arch: null, app: object): string
}

/** As much of the packager of a system as is asked where its updates are. */
function packagerFor(config: Config) {
  const appInfo = { channel: null, updaterCacheDirName: 'lenslore-updater' }
  return {
    config,
    info: { config, appInfo, repositoryInfo: Promise.resolve(null) },
    platformSpecificBuildOptions: {},
    platform: 'linux',
    appInfo,
    expandMacro: (pattern: string) => expandMacro(pattern, null, appInfo),
  }
}

test('a package of its own names no place for updates', async () => {
  const config = await getConfig(root, 'electron-builder.yml', null)
  assert.equal(await getAppUpdatePublishConfiguration!(packagerFor(config), null, 1, false), null)
})

test('one that is told its repository has its releases in app-update.yml, and is otherwise the same', async (t) => {
  const names = { LENSLORE_OWNER: 'someone', LENSLORE_REPO: 'lenslore' }
  Object.assign(process.env, names)
  t.after(() => {
    for (const name of Object.keys(names)) delete process.env[name]
  })
  const [plain, config] = await Promise.all(
    ['electron-builder.yml', 'electron-builder.updates.yml'].map((file) => getConfig(root, file, null)),
  )
  assert.deepEqual(await getAppUpdatePublishConfiguration!(packagerFor(config!), null, 1, false), {
    provider: 'github',
    owner: 'someone',
    repo: 'lenslore',
    updaterCacheDirName: 'lenslore-updater',
  })
  for (const part of ['electronFuses', 'asarUnpack', 'files'] as const)
    assert.deepEqual(config![part], plain![part])
})

test('a package for updates is not made without the name', async () => {
  const config = await getConfig(root, 'electron-builder.updates.yml', null)
  await assert.rejects(
    getPublishConfigs!(packagerFor(config), null, 1, false),
    /env LENSLORE_(OWNER|REPO) is not defined/,
  )
})
