/** Where words are from that can be withdrawn. */
export const withdrawnSources = ['table', 'sidecar', 'takeout', 'embedded'] as const
export type WithdrawnSource = (typeof withdrawnSources)[number]

/** Whose words those of a table are. */
export const whoseOfTables = ['person', 'imported'] as const
