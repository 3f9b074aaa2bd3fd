import type { EngineDiagnosis, ProviderName, ProviderReport } from '../../contract/engine-calls.ts'
import { toErrorRecord } from '../../contract/errors.ts'
import { openCaptioner } from './captioner.ts'
import { listProviders } from './provider-choice.ts'
import { runtimeVersion } from './session.ts'

const probePictures = 2

/** Opens a model on every provider this system may have, and compares their captions with the processor's. */
export async function diagnoseProviders(modelDirectory: string): Promise<EngineDiagnosis> {
  const expected = await captionProbes(modelDirectory, 'cpu').catch(() => null)
  const providers: ProviderReport[] = []
  for (const provider of listProviders()) {
    try {
      const captions = await captionProbes(modelDirectory, provider)
      providers.push({ provider, opens: true, agrees: captions === expected, error: null })
    } catch (thrown) {
      providers.push({ provider, opens: false, agrees: null, error: toErrorRecord(thrown) })
    }
  }
  return { versions: { node: process.versions.node, onnxruntime: runtimeVersion() }, providers }
}

/** @returns the token ids of made-up pictures, as text to compare. */
async function captionProbes(modelDirectory: string, provider: ProviderName): Promise<string> {
  const captioner = await openCaptioner({ modelDirectory, adapterPath: null, provider })
  try {
    const side = captioner.imageSizePx
    // Waves of different lengths: pictures with something to see, the same on every machine.
    const pixels = Float32Array.from(
      { length: probePictures * 3 * side * side },
      (_, n) => 1.5 * Math.sin(n / 37) + Math.cos(n / 911),
    )
    const captions = await captioner.caption(pixels, probePictures)
    return JSON.stringify(captions.map((caption) => caption.tokenIds))
  } finally {
    await captioner.close()
  }
}
