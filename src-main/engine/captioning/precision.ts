import { z } from 'zod'
import { LensloreError } from '../../contract/errors.ts'
import type { Precision, ProviderName } from '../../contract/providers.ts'
import { check } from '../model/configuration.ts'

/** Which precisions there are where, and how well captions of fewer bits are known to agree with those of fp32. */

/** fp32, which all have, comes first. */
export const precisionsOf: Readonly<Record<ProviderName, readonly Precision[]>> = {
  cpu: ['fp32', 'int8'],
  webgpu: ['fp32', 'fp16'],
  coreml: ['fp32'],
  dml: ['fp32'],
  cuda: ['fp32'],
}

/** Where nobody said which provider: the processor, if it has such a form. */
export function likeliestProvider(precision: Precision): ProviderName {
  const [first, ...others] = Object.keys(precisionsOf) as [ProviderName, ...ProviderName[]]
  return [first, ...others].find((provider) => precisionsOf[provider].includes(precision)) ?? first
}

/** @throws LensloreError `PROVIDER_UNAVAILABLE` */
export function checkPrecision(provider: ProviderName, precision: Precision): void {
  if (precisionsOf[provider].includes(precision)) return
  throw new LensloreError('PROVIDER_UNAVAILABLE', `${provider} runs no model in ${precision}.`)
}

type FewerBits = Exclude<Precision, 'fp32'>

/** Another number where the same weights give other captions than before: what was measured then says nothing any more. */
export const formVersions: Readonly<Record<FewerBits, number>> = { fp16: 1, int8: 2 }

/** What counts as agreeing: that most captions are the same tells of a sound form, CIDEr (in hundredths) of good captions. */
const bounds: Readonly<Record<FewerBits, { leastEqual: number; mostCiderLost: number }>> = {
  fp16: { leastEqual: 0.98, mostCiderLost: 0.1 },
  int8: { leastEqual: 0.7, mostCiderLost: 0.5 },
}

const figure = z.object({
  version: z.int(),
  /** Labelled photos that it was measured on. */
  photos: z.int().min(1),
  /** Share of the captions that are word for word those of fp32. */
  equal: z.number().min(0).max(1),
  /** Of fp32 less its own, in hundredths; below zero where it is better. */
  cider_lost: z.number(),
})

const figures = z.object({ fp16: figure.optional(), int8: figure.optional() })

/** By `bench/forms.ts`, in the `forms` of a model's config.json. */
export type FormFigures = z.output<typeof figures>
export type FormFigure = z.output<typeof figure>

/** @throws LensloreError `CHECKPOINT_INVALID` */
export function parseFormFigures(source: unknown, where: string): FormFigures {
  return check(figures, source, where)
}

export function figureOf(precision: FewerBits, measured: Omit<FormFigure, 'version'>): FormFigure {
  return { version: formVersions[precision], ...measured }
}

/** Why a form is not to be chosen for anybody: a sentence, or null where it was measured to agree. */
export function refuseForm(precision: FewerBits, measured: FormFigure | undefined): string | null {
  if (measured?.version !== formVersions[precision]) {
    return `Nobody has measured how good the captions of this model are in ${precision}.`
  }
  const { leastEqual, mostCiderLost } = bounds[precision]
  if (measured.equal >= leastEqual && measured.cider_lost <= mostCiderLost) return null
  const equal = `${(measured.equal * 100).toFixed(1)} % of its captions are those of fp32`
  return `In ${precision} it is not as good: ${equal}, and it loses ${measured.cider_lost.toFixed(2)} CIDEr.`
}
