import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

// Imported for its effect: WebGPU runs in software where Debian's chromium brought the driver and nothing else is chosen.

const driver = '/usr/lib/chromium/vk_swiftshader_icd.json'
if (!process.env.VK_ICD_FILENAMES && existsSync(driver)) {
  process.env.VK_ICD_FILENAMES = driver
  process.env.XDG_RUNTIME_DIR ??= mkdtempSync(join(tmpdir(), 'lenslore-gpu-'))
}
