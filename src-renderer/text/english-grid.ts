import { numbers, plural } from './plural.ts'

interface MonthCount {
  captioned: number
  unsure: number
  offline: number
}

function captionsOfMonth({ photos, captioned, unsure }: MonthCount & { photos: number }): string {
  if (photos === 1)
    return captioned === 0 ? 'Not captioned.' : unsure > 0 ? 'Captioned, unsure.' : 'Captioned.'
  if (captioned === 0) return 'None captioned.'
  const said = captioned >= photos ? 'All' : numbers.format(captioned)
  return `${said} captioned${unsure > 0 ? `, ${numbers.format(unsure)} unsure` : ''}.`
}

function awayOfMonth({ photos, offline }: MonthCount & { photos: number }): string {
  if (offline === 0) return ''
  if (photos === 1) return 'On a drive that is not connected.'
  return `${offline >= photos ? 'All' : numbers.format(offline)} on a drive that is not connected.`
}

export const gridText = {
  label: 'Photos',
  /** Beside the name of a month. */
  ofMonth: (photos: number) => `${plural(photos, 'photo', 'photos')}.`,
  /** The same once its captions were counted. */
  ofCountedMonth: (counts: MonthCount & { photos: number }) =>
    [`${plural(counts.photos, 'photo', 'photos')}.`, captionsOfMonth(counts), awayOfMonth(counts)]
      .filter(Boolean)
      .join(' '),
  sampled: (sample: number, all: number) =>
    `${numbers.format(sample)} of these ${plural(all, 'photo', 'photos')} stand for all of them.`,
  empty: 'No photos yet. They appear here as soon as a folder is read.',
  unread: 'The photos cannot be read.',
  again: 'Try again',
  arrived: (captions: number) => `${plural(captions, 'caption', 'captions')} came.`,
  selectionLost:
    'Photos came or went, so the selection was given up: it was too large to follow. Select again.',
  names: {
    noCaption: (file: string, day: string) => `No caption yet. ${file}, ${day}.`,
    unread: (day: string) => `Photo of ${day}.`,
    /** Most reasons name the file first. */
    failed: (file: string, reason: string) => (reason.startsWith(file) ? reason : `${file}. ${reason}`),
    unsureOf: (words: string) => `Unsure of ${words}.`,
    unsure: 'Unsure.',
    yours: 'Your words.',
    offline: 'Drive not connected.',
    missing: 'The file is gone.',
    stars: (stars: number) => `${plural(stars, 'star', 'stars')}.`,
    rejected: 'Rejected.',
    favorite: 'Favourite.',
  },
  signs: {
    yours: 'Your words',
    unsure: 'Unsure caption',
    waiting: 'No caption yet',
    offline: 'Drive not connected',
    missing: 'The file is gone',
    failed: 'Failed',
    favorite: 'Favourite',
    rejected: 'Rejected',
    stars: (stars: number) => plural(stars, 'star', 'stars'),
  },
  badges: {
    raw: { label: 'RAW', title: 'With its raw file' },
    video: { label: 'Live', title: 'Live Photo' },
  },
  select: 'Select',
  scrubber: 'Date',
  bar: {
    label: 'Selected photos',
    count: (photos: string) => `${photos} selected`,
    clear: 'Clear the selection',
    none: 'Nothing selected',
  },
  size: 'Size of photos',
  captions: 'Captions under photos',
  stacks: 'One photo for its copies',
  date: {
    title: 'Go to a date',
    day: 'Day',
    go: 'Go',
    nearest: 'The photos of that day, or the nearest before it.',
  },
  regenerating: (photos: number) => `${plural(photos, 'photo', 'photos')} will be captioned again.`,
  retrying: (photos: number) => `Trying ${plural(photos, 'photo', 'photos')} again.`,
  commands: {
    left: 'Photo to the left',
    right: 'Photo to the right',
    up: 'Photo above',
    down: 'Photo below',
    extendLeft: 'Select to the left',
    extendRight: 'Select to the right',
    extendUp: 'Select up',
    extendDown: 'Select down',
    screenUp: 'A screen up',
    screenDown: 'A screen down',
    first: 'First photo',
    last: 'Last photo',
    extendFirst: 'Select to the first photo',
    extendLast: 'Select to the last photo',
    monthUp: 'Month before',
    monthDown: 'Next month',
    pick: 'Select or take out of the selection',
    all: 'Select all',
    clear: 'Clear the selection',
    open: 'Open the photo',
    date: 'Go to a date',
    // Asked for before the first photos are drawn, which the system's own rules of plurals would keep waiting.
    rate: (stars: number) => ['No stars', '1 star'][stars] ?? `${stars} stars`,
    rates: 'Rate with stars',
    favorite: 'Favourite, or no longer',
    reject: 'Reject, or no longer',
    regenerate: 'Caption again',
    like: 'More like this',
    captions: 'Captions under photos',
    stacks: 'One photo for its copies, or all of them',
    copies: 'Show the copies',
    larger: 'Larger photos',
    smaller: 'Smaller photos',
  },
}
