/**
 * Where a person's caption comes from. `own`: typed, chosen or confirmed for that one photo, which alone is a label by itself.
 * `batch`: set for several photos at once. `replaced`: words of it were replaced. `imported`: from a file or a table. `sidecar`: it
 * came back from where it was written out.
 */
export const labelKinds = ['own', 'batch', 'replaced', 'imported', 'sidecar'] as const
export type LabelKind = (typeof labelKinds)[number]

/** From so many labels on, a part of them is held out; of fewer, each is held out once. */
export const labelsForOneSplit = 100
