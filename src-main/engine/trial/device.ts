import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { arch, availableParallelism, cpus, platform, release } from 'node:os'
import { join } from 'node:path'
import { graphics } from 'systeminformation'
import { runtimeVersion } from '../captioning/session.ts'

/** Another number where the graphs that providers are given became others: 2, search in pieces on WebGPU; 3, int8 on the processor. */
const formOfGraphs = 3

let known: Promise<string> | undefined

/**
 * All that decides how fast a model runs here, in words: processor, graphics cards and their drivers, system, runtime, form of the graphs.
 * Another text means that what was measured counts no more. Found out once a process.
 */
export function describeDevice(): Promise<string> {
  known ??= describe()
  return known
}

async function describe(): Promise<string> {
  const { controllers } = await graphics().catch(() => ({ controllers: [] }))
  const cards = controllers.map(({ vendor, model, driverVersion }) =>
    [vendor, model, driverVersion && `driver ${driverVersion}`].filter(Boolean).join(' '),
  )
  const drivers = platform() === 'linux' ? await readLinuxDrivers() : []
  return [
    `${cpus()[0]?.model.trim() ?? 'unknown processor'} × ${availableParallelism()}`,
    ...cards,
    ...drivers,
    `${platform()} ${release()} ${arch()}`,
    `onnxruntime ${runtimeVersion()}, graphs ${formOfGraphs}`,
  ].join('; ')
}

/** Where Vulkan looks for its drivers unless it is told otherwise. */
const vulkanFolders = ['/usr/share/vulkan/icd.d', '/usr/local/share/vulkan/icd.d', '/etc/vulkan/icd.d']

/** NVIDIA's own, and those of Vulkan, which are other files after an update. */
async function readLinuxDrivers(): Promise<string[]> {
  const nvidia = await readFile('/proc/driver/nvidia/version', 'utf8').catch(() => '')
  const chosen = process.env.VK_DRIVER_FILES ?? process.env.VK_ICD_FILENAMES
  const files = chosen ? chosen.split(':') : (await Promise.all(vulkanFolders.map(filesIn))).flat()
  const facts = await Promise.all(
    files.map(async (file) => {
      const found = await stat(file).catch(() => null)
      return found ? `${file} ${found.size} ${found.mtimeMs}` : file
    }),
  )
  const version = /Kernel Module\D*([\d.]+)/.exec(nvidia)?.[1]
  const digest = createHash('sha256').update(facts.join('\n')).digest('hex').slice(0, 8)
  return [version ? `NVIDIA ${version}` : '', facts.length > 0 ? `Vulkan drivers ${digest}` : ''].filter(
    Boolean,
  )
}

async function filesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => [])
  return names.sort().map((name) => join(folder, name))
}
