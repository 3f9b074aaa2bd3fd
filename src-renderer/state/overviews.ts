/** The queries that have a place of their own in the sidebar. */
export const overviews = {
  unsure: 'is:unsure',
  yours: 'by:person',
  uncaptioned: '-has:caption',
  failed: 'is:failed',
} as const
