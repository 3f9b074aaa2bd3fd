import type { EditName } from '../../src-main/contract/rooms/captions.ts'
import { numbers, plural } from './plural.ts'

function nameOfEdit({ kind, photos }: EditName): string {
  const on = `on ${plural(photos, 'photo', 'photos')}`
  switch (kind) {
    case 'caption':
      return `Caption ${on}`
    case 'replacement':
      return `Replaced words ${on}`
    case 'table':
      return `Table ${on}`
    case 'marks':
      return `Marks ${on}`
    case 'regeneration':
      return `Regenerated ${on}`
    case 'withdrawal':
      return `Withdrawn words ${on}`
  }
}

export const shellText = {
  name: 'Lenslore',
  titles: {
    library: 'All photos',
    search: 'Search',
    photo: 'Photo',
    teach: 'Teach',
    work: 'Work',
    settings: 'Settings',
    first: 'Welcome',
    /** Of the browser's tab, and of the window in the system's lists. */
    ofWindow: (view: string) => `${view} – Lenslore`,
  },
  boot: {
    opening: 'Opening the library.',
    failed: 'The library does not open.',
    again: 'Try again',
    ended: 'This session was ended.',
    newLink: 'lenslore serve --link prints a new link.',
  },
  line: {
    lost: 'The library does not answer. Trying again.',
    regained: 'The library answers again.',
  },
  rate: (photos: string) => `${photos} photos/s`,
  devices: { cpu: 'Processor', webgpu: 'WebGPU', coreml: 'Core ML', dml: 'DirectML', cuda: 'CUDA' },
  precisions: { fp32: '32 bits', fp16: '16 bits', int8: '8 bits' },
  inPrecision: (what: string, precision: string) => `${what}, ${precision}`,
  withThreads: (device: string, threads: number) => `${device}, ${plural(threads, 'thread', 'threads')}`,
  duration: {
    lessThanAMinute: 'less than a minute',
    minutes: (count: number) => plural(count, 'minute', 'minutes'),
    hours: (count: number) => plural(count, 'hour', 'hours'),
    days: (count: number) => plural(count, 'day', 'days'),
  },
  skip: 'To the photos',
  more: (count: number) => `And ${numbers.format(count)} more.`,
  close: 'Close',
  cancel: 'Cancel',
  bar: {
    label: 'Search and view',
    sidebar: 'Sidebar',
    theme: 'Light or dark',
    themeIs: { light: 'Light theme.', dark: 'Dark theme.' },
    settings: 'Settings',
    commands: 'Commands',
  },
  side: {
    label: 'Library',
    lookOver: 'Look over',
    unsure: 'Unsure captions',
    yours: 'Your words',
    uncaptioned: 'No caption yet',
    failed: 'Failed',
    saved: 'Saved searches',
    removeSaved: (name: string) => `Forget the saved search “${name}”`,
    savedRemoved: (name: string) => `The saved search “${name}” is forgotten.`,
    folders: 'Folders',
    offline: (name: string) => `${name}. Not connected.`,
  },
  status: {
    label: 'Captioning',
    stages: {
      empty: 'No photos yet',
      paused: 'Paused',
      waiting: 'Waiting for the model',
      idle: 'Waiting until nobody uses the machine',
      mains: 'Waiting for mains',
      running: 'Captioning',
      stopped: 'Not captioning',
      done: 'Nothing to do',
    },
    phases: {
      scan: 'Looking through folders',
      caption: 'Captioning',
      search: 'Bringing the search up to date',
      places: 'Finding the places of photos',
      change: 'Changing captions',
      revert: 'Putting captions back',
      forget: 'Forgetting photos',
      join: 'Joining folders',
      check: 'Checking the database',
      plan: 'Looking at what would change',
      import: 'Taking in a table',
      export: 'Writing captions out',
      undo: 'Taking an export back',
      backup: 'Backing up',
      open: 'Opening the model',
      trial: 'Trying which device is fastest',
      embed: 'Looking at what photos show',
      stack: 'Looking for copies',
      prepare: 'Looking at photos to learn from',
      teach: 'Teaching',
      update: 'Updating the library',
    },
    left: (duration: string) => `${duration} left`,
    of: (photos: string) => `of ${photos}`,
    pause: 'Pause',
    goOn: 'Go on',
    pausedNow: 'Captioning is paused.',
    resumed: 'Captioning goes on.',
    failed: (count: number) => `${plural(count, 'photo', 'photos')} failed`,
    offline: (count: number) => `${plural(count, 'folder', 'folders')} not connected`,
    /** Read out by a screen reader now and then. */
    spoken: (captioned: number, photos: number) =>
      `${plural(captioned, 'photo has', 'photos have')} a caption, of ${plural(photos, 'photo', 'photos')}.`,
    undo: (edit: EditName) => `Undo “${nameOfEdit(edit)}”`,
  },
  edits: {
    undone: (edit: EditName) => `Taken back: ${nameOfEdit(edit)}.`,
    redone: (edit: EditName) => `Done again: ${nameOfEdit(edit)}.`,
    nothingToUndo: 'There is nothing to take back.',
    nothingToRedo: 'There is nothing to do again.',
  },
  commandGroups: {
    everywhere: 'Everywhere',
    places: 'Go to',
    photos: 'Photos',
    captions: 'Captions',
    teach: 'Teach',
    photo: 'One photo',
    search: 'Search',
    captioning: 'Captioning',
  },
  commands: {
    palette: 'Commands',
    shortcuts: 'Shortcuts',
    undo: 'Undo',
    redo: 'Redo',
    nextPart: 'Next part of the window',
    lastPart: 'Part before it',
    sidebar: 'Show or hide the sidebar',
    theme: 'Light or dark theme',
    all: 'All photos',
    unsure: 'Unsure captions',
    yours: 'Your words',
    uncaptioned: 'Photos without a caption',
    failed: 'Failed photos',
    teach: 'Teach',
    work: 'Work',
    settings: 'Settings',
    pause: 'Pause or go on captioning',
    addFolder: 'Add a folder',
  },
  palette: {
    label: 'Commands',
    box: 'Command, folder, name or saved search',
    hint: 'Type a command, a folder or a name',
    folders: 'Folders',
    people: 'People',
    saved: 'Saved searches',
    nothing: (typed: string) => `No command, folder or name has “${typed}”. Enter searches captions for it.`,
    choose: 'choose',
    run: 'run',
    all: 'all shortcuts',
    found: (count: number) => plural(count, 'entry', 'entries'),
  },
  shortcuts: {
    label: 'Shortcuts',
    to: 'to',
  },
}
