import type { Folder } from '../../src-main/contract/records.ts'
import type { ScanSummary } from '../../src-main/contract/rooms/folders.ts'
import { numbers, plural } from './plural.ts'

export const workText = {
  progress: 'Captions',
  /** After the loud count. */
  captioned: 'photos have a caption.',
  left: (duration: string) => `Time left: ${duration}.`,
  noPhotos: 'No photos yet.',
  noPhotosWhy: 'Add a folder, and its photos appear.',
  pause: 'Pause',
  goOn: 'Go on',
  onlyWhenIdle: 'Only when idle',
  onlyOnMains: 'Only on mains',
  stages: {
    empty: '',
    done: 'Nothing is left to do.',
    paused: 'Paused until you go on.',
    stopped: 'Nothing captions this library at present.',
    running: '',
    waiting: '',
    idle: 'Captions wait until nobody uses the machine.',
    mains: 'Captions wait until the machine is on mains.',
  },
  waiting: (reason: string) => `The model cannot be had: ${reason} Another try comes by itself.`,
  failedShort: (count: number) => `${plural(count, 'photo', 'photos')} failed.`,
  missing: (count: number) => `${plural(count, 'file is', 'files are')} gone.`,
  alsoUnderWay: 'Also under way',
  units: {
    files: (count: number) => plural(count, 'file', 'files'),
    photos: (count: number) => plural(count, 'photo', 'photos'),
    rows: (count: number) => plural(count, 'row', 'rows'),
    bytes: (count: number) => `${numbers.format(Math.round(count / 1e6))} MB`,
    ways: (count: number) => plural(count, 'way', 'ways'),
    steps: (count: number) => plural(count, 'step', 'steps'),
  },
  doneOf: (done: number, total: string) => `${numbers.format(done)} of ${total}`,

  workers: {
    title: 'Workers',
    jobs: (waiting: number, active: number) =>
      `${plural(waiting, 'batch', 'batches')} waiting, ${numbers.format(active)} under way`,
    none: 'No other machine captions. Start one with: lenslore worker --queue',
    states: {
      working: (duration: string) => `Captioning for ${duration}`,
      waiting: (duration: string) => `Waiting for pictures for ${duration}`,
      refused: (duration: string) => `Refused for ${duration}`,
      silent: (duration: string) => `Nothing was heard of it for ${duration}`,
    },
    model: (model: string, device: string) => `${model}, ${device}`,
  },

  folders: {
    title: 'Folders',
    none: 'No folder yet.',
    add: 'Add a folder',
    photos: (path: string, photos: number) => `${path}. ${plural(photos, 'photo', 'photos')}.`,
    keptPhotos: (path: string, photos: number) =>
      `${path}. ${plural(photos, 'photo stays', 'photos stay')} searchable.`,
    watching: 'Watching',
    polling: 'Looked through now and then',
    unwatched: 'Not watched',
    looking: 'Looking through',
    offline: {
      gone: 'Not there',
      emptied: 'Empty, was full',
      unreadable: 'May not be read',
      'other-volume': 'Another drive is in its place',
    } satisfies Record<NonNullable<Folder['offlineReason']>, string>,
    notConnected: 'Not connected',
    unreadable: (path: string, code: string) =>
      `${path} cannot be listed (${code}). What is known of it stays.`,
    change: 'Change',
    changeOf: (name: string) => `Change ${name}`,
    excludes: 'Leave out',
    excludesHelp:
      'One pattern a line, such as *_edit.tif or **/Previews/**. What is left out already stays until the folder is looked through.',
    exportsAlways: 'Always write captions into sidecars',
    exportsAlwaysHelp:
      'An .xmp file beside each photo, whenever its caption changes. The photos stay as they are.',
    lookNow: 'Look through now',
    relocate: 'It is elsewhere now',
    joined: (name: string, folders: number) =>
      `${plural(folders, 'folder is a part of', 'folders are parts of')} ${name} now, with all that is known of their photos.`,
    relocated: (name: string) => `${name} is found again.`,
    remove: 'Remove from the library',
    removeTitle: (name: string) => `Remove ${name} from the library?`,
    removeWhat: (photos: number) =>
      `${plural(photos, 'photo', 'photos')} and their captions, also your own, and their history are forgotten. This cannot be taken back. The files stay.`,
    removeDo: 'Remove',
    looked: ({ added, changed, missing, joined, separated }: ScanSummary, skipped: number) =>
      `Looked through: ${numbers.format(added)} new, ${numbers.format(changed)} changed, ${numbers.format(missing)} gone.` +
      (joined > 0 ? ` ${plural(joined, 'photo is', 'photos are')} one with the file beside.` : '') +
      (separated > 0
        ? ` ${plural(separated, 'raw file', 'raw files')} parted from its JPEG, with the same words.`
        : '') +
      (skipped > 0 ? ` ${plural(skipped, 'other file was', 'other files were')} passed over.` : ''),
  },

  chooser: {
    add: 'Choose a folder with photos',
    relocate: (name: string) => `Where is ${name} now?`,
    list: 'Folders',
    reading: 'Reading.',
    empty: 'No folder can be chosen from here. The program was started without one to choose from.',
    more: 'There is no folder in it. Its own photos are taken.',
    take: (name: string | null) => (name === null ? 'Add a folder' : `Add ${name}`),
    takeRelocated: 'It is here',
    nothing: 'Choose a folder in the list.',
  },

  failed: {
    title: 'Failed',
    photos: (count: number) => plural(count, 'photo', 'photos'),
    none: 'No photo failed.',
    ofFile: (reason: string) => `The file ${reason}`,
    retryAll: 'Retry all',
    retry: 'Retry',
    show: 'Show',
    showOf: (name: string) => `Show ${name}`,
    retryOf: (name: string) => `Retry ${name}`,
    retrying: (count: number) => `${plural(count, 'photo is', 'photos are')} tried again.`,
    rest: (count: number) => `Show all ${numbers.format(count)}`,
  },

  problems: {
    title: 'Told since this window is open',
    forget: 'Clear',
  },

  files: {
    title: 'Files beside photos',
    waitingExports: (count: number) =>
      `${plural(count, 'caption waits', 'captions wait')} to be written out.`,
    sidecars: (count: number) => `${plural(count, 'file', 'files')} beside photos cannot be read.`,
    strays: (count: number) =>
      `${plural(count, 'file', 'files')} beside photos look as if they described one, and belong to none.`,
    cut: (count: number) =>
      `${plural(count, 'file says', 'files say')} more than is kept. Only the beginning is shown, and never written back.`,
    fields: {
      title: 'title',
      captions: 'captions',
      keywords: 'keywords',
      people: 'people',
      places: 'places',
      creators: 'creators',
      copyright: 'copyright',
    },
    fine: 'All are read and kept whole.',
  },

  speed: {
    title: 'Speed',
    span: 'last 10 minutes',
    nothing: 'Nothing was captioned while this window is open.',
    now: 'Now',
    waiting: 'Waiting',
    resting: 'rests',
    chart: (now: string) => `Photos a second over ten minutes. Now: ${now}.`,
  },

  devices: {
    title: 'Devices',
    measured: (moment: string) => `Measured here on made-up pictures, ${moment}.`,
    measuring: 'Being measured.',
    notMeasured: 'Not measured yet. That happens by itself after the first captions.',
    inUse: 'In use, as its open session says.',
    fastest: 'The fastest here that agrees.',
    rate: (rate: string) => `${rate}/s`,
    none: 'none',
    unavailable: 'Not here.',
    disagrees: 'Writes other captions than the processor.',
    unproven: 'Of fewer bits. Nobody has measured how good its captions are.',
    died: 'Ended while it was tried.',
    trying: 'Being tried.',
    slower: 'Does it more slowly.',
  },
}
