import type { WithdrawnSource } from '../../src-main/contract/rooms/captions.ts'
import type { TableWords, UnclearRow } from '../../src-main/contract/rooms/exchange.ts'
import { numbers, plural } from './plural.ts'

export const settingsText = {
  index: 'Parts of the settings',
  parts: {
    captions: 'Captions',
    folders: 'Folders',
    export: 'Export',
    tables: 'Tables',
    window: 'Window',
    data: 'Data and backups',
    browsers: 'Browsers',
    about: 'About',
  },

  model: {
    label: 'Model',
    embedded: 'comes with Lenslore',
    downloaded: 'downloaded',
    ownFiles: (path: string) => `Your own files: ${path}`,
    withAdapter: (path: string) => `With the adapter ${path}.`,
    causes: 'Another model captions all photos again that have no words of yours. Your own words stay.',
    others: 'Models not tried by us',
    othersWhat:
      'None of them captions as it comes: each is a base to train over, or waits for an adapter of yours. Download one with lenslore models download NAME.',
    licence: (name: string) => `Licence: ${name}.`,
    size: (size: string) => `${size}.`,
    here: 'Downloaded.',
  },
  device: {
    label: 'Device',
    auto: 'Fastest',
    now: (device: string) => `Now on: ${device}.`,
    closed: 'No session is open at present.',
    measured: (rates: string) => `Measured here: ${rates}.`,
    rate: (device: string, rate: string) => `${device} ${rate} photos/s`,
    refused: (device: string, why: string) => `${device}: ${why}`,
    notMeasured: 'Nothing is measured on this machine yet. That happens by itself after the first captions.',
    causes: 'Another device opens the model again. The captions stay as they are.',
  },
  precision: {
    label: 'Precision',
    auto: 'Fastest that is as good',
    causes:
      'Fewer bits are faster, and word some captions otherwise. “As good” is measured for a model, not guessed. The captions stay as they are.',
  },
  threads: {
    label: 'Threads',
    of: (count: number) => `of ${numbers.format(count)}`,
    auto: 'auto',
    causes:
      'Of the processor, for the model. Empty: one less than there are, so that the machine stays quick.',
  },
  memory: {
    label: 'Memory ceiling',
    none: 'None',
    size: (gigabytes: number) => `${numbers.format(gigabytes)} GB`,
    causes: 'What the model may use at most. Where it needs more, it is ended and opened again.',
  },
  when: {
    label: 'When',
    causes: 'Photos appear at any time. Only captions wait.',
  },

  folders: {
    label: 'Looked through',
    none: 'No folder yet.',
    change: 'Add, exclude and remove in Work',
  },

  export: {
    always: 'Write captions out',
    alwaysWhat:
      'Into an .xmp file beside each photo, whenever its caption changes. The photos stay as they are, and so does what other programs wrote there.',
    noFolders: 'There is no folder yet.',
    all: 'All captions now',
    see: 'See what would be written',
    planning: 'Looking at what would be written',
    writing: 'Writing captions out',
    looking: (done: number, total: number) =>
      total > 0
        ? `Looking at what would be written: ${numbers.format(done)} of ${numbers.format(total)} captions.`
        : 'Looking at what would be written.',
    would: (create: number, update: number, unchanged: number) =>
      `${plural(create, 'file', 'files')} would be made, ${plural(update, 'file', 'files')} changed, ${plural(unchanged, 'file is', 'files are')} right already.`,
    kept: (count: number) => `${plural(count, 'file keeps', 'files keep')} what another program wrote.`,
    refused: (count: number) => `${plural(count, 'file', 'files')} would be left alone, as they are.`,
    write: 'Write them',
    wrote: (created: number, updated: number, refused: number) =>
      `Captions written out: ${plural(created, 'file', 'files')} made, ${numbers.format(updated)} changed, ${numbers.format(refused)} left alone.`,
    nothing: 'Every caption stands in its file already.',
    undo: 'Take the last export back',
    undone: (restored: number, removed: number, left: number) =>
      `Taken back: ${plural(restored, 'file is', 'files are')} as before, ${numbers.format(removed)} removed, ${numbers.format(left)} left, for another program wrote there since.`,
    nothingToUndo: 'There is no export to take back.',
  },

  tables: {
    save: 'Export a table',
    formats: { csv: 'As CSV', json: 'As JSON' },
    saveWhat: 'All captions with their photos, for a spreadsheet or another program.',
    saving: 'Writing the table',
    saved: (photos: number) => `The table has the captions of ${plural(photos, 'photo', 'photos')}.`,
    take: 'Import a table',
    choose: 'Choose a table',
    takeWhat:
      'A CSV or JSON table: captions, titles, ratings and keywords. What would change is shown before it is done, and one undo takes all of it back.',
    whose: 'Whose words they are',
    whoseWhat:
      'Yours go before all others. Imported words come below yours, and give way to what a file says later.',
    as: { person: 'Mine', imported: 'Imported' } satisfies Record<TableWords, string>,
    planning: 'Looking at what the table would change',
    wouldChange: (name: string, changes: number) =>
      changes === 0
        ? `${name} would change no caption.`
        : `${name} would change ${plural(changes, 'caption', 'captions')}.`,
    wouldMark: (photos: number) =>
      `Title, rating or keywords of ${plural(photos, 'photo', 'photos')} would change.`,
    unchanged: (count: number) => `${plural(count, 'row is', 'rows are')} as here already.`,
    replaced: (count: number) =>
      `${plural(count, 'row stands', 'rows stand')} before another one for the same photo, which is taken.`,
    outranked: (count: number) =>
      `${plural(count, 'row is', 'rows are')} for photos with words of yours, which stay.`,
    emptied: (count: number) =>
      `${plural(count, 'row has', 'rows have')} an emptied caption; the caption stays as it is.`,
    withoutMarks: (count: number) =>
      `${plural(count, 'row has', 'rows have')} another title, rating or keywords, which are taken in as yours alone.`,
    title: (title: string) => (title === '' ? 'No title' : `Title: ${title}`),
    rating: (rating: number) =>
      rating < 0 ? 'Rejected' : rating === 0 ? 'No stars' : plural(rating, 'star', 'stars'),
    moreKeywords: (keywords: readonly string[]) => `More keywords: ${keywords.join(', ')}`,
    fewerKeywords: (keywords: readonly string[]) => `Keywords taken away: ${keywords.join(', ')}`,
    unmatched: (count: number) =>
      `${plural(count, 'row is', 'rows are')} for photos that are not in the library.`,
    unclear: (count: number) =>
      `${plural(count, 'row does', 'rows do')} not say for sure which photo is meant, and ${count === 1 ? 'changes' : 'change'} nothing.`,
    errors: (count: number) =>
      `${plural(count, 'line is', 'lines are')} wrong, so nothing is taken in. Put it right and choose the table again.`,
    reasons: {
      copies: 'several photos have this content',
      person: 'a photo with words of yours may be meant',
    } satisfies Record<UnclearRow['reason'], string>,
    line: (line: number) => `Line ${numbers.format(line)}`,
    noCaption: 'no caption',
    listed: {
      changes: 'What would change',
      replaced: 'Rows before another one',
      unmatched: 'Rows for photos that are not here',
      unclear: 'Unclear rows',
      errors: 'Wrong lines',
    },
    do: (changes: number, marked: number) =>
      marked === 0 ? `Change ${plural(changes, 'caption', 'captions')}` : 'Take all of it in',
    doing: 'Taking in the table',
    done: (changed: number, marked: number) =>
      [
        `${plural(changed, 'caption', 'captions')} changed.`,
        ...(marked > 0 ? [`Title, rating or keywords of ${plural(marked, 'photo', 'photos')}, too.`] : []),
        'One undo brings all back.',
      ].join(' '),
    withdraw: 'Withdraw words',
    withdrawWhat:
      'Takes the captions away that came from one kind of source. They stay away until it says something else; one undo brings them back.',
    withdrawing: 'Taking words away',
    withdrawn: (photos: number) =>
      photos === 0
        ? 'No photo has words from there.'
        : `The words of ${plural(photos, 'photo', 'photos')} are taken away. One undo brings them back.`,
    sources: {
      table: 'Tables',
      sidecar: 'Sidecars',
      takeout: 'Google Takeout',
      embedded: 'Photo files',
    } satisfies Record<WithdrawnSource, string>,
  },

  theme: { label: 'Theme', system: 'As the system', light: 'Light', dark: 'Dark' },
  language: {
    label: 'Language',
    system: 'As the system',
    english: 'English',
    causes: 'English is the only one so far.',
  },
  shortcuts: { label: 'Shortcuts', show: 'Show all' },

  library: { label: 'Library' },
  backups: {
    label: 'Backups',
    none: 'None yet. One is made each day.',
    count: (count: number, latest: string) =>
      `${plural(count, 'copy', 'copies')} kept, the last of ${latest}.`,
    now: 'Back up now',
    done: 'A copy of the library is made.',
    list: 'Backups to restore',
    restore: 'Restore',
    restoreOf: (moment: string) => `Restore the backup of ${moment}`,
    size: (moment: string, size: string) => `${moment}, ${size}`,
    question: (moment: string) => `Restore the library of ${moment}?`,
    what: 'Captions, marks and folders become what they were then. What is here now is kept as one more backup. All windows close the library for a moment.',
    restored: (moment: string) => `The library is that of ${moment} again.`,
  },
  check: {
    label: 'Database',
    do: 'Check it',
    sound: 'The database is sound.',
    unsound: (first: string) => `The database is damaged: ${first} Restore a backup.`,
    index: 'Make the search anew',
    indexed: 'The search is made anew.',
    causes: 'Reads all of it. Captioning goes on meanwhile.',
  },
  reset: {
    label: 'Reset',
    do: 'Reset the library',
    causes:
      'Forgets folders, photos and the model’s captions. Your own words are exported first. Photos are not touched.',
    question: 'Reset the library?',
    what: 'All folders, photos and captions are forgotten, after your words are written into a table. The photos stay where they are.',
  },

  sessions: {
    label: 'Signed in',
    own: 'this browser',
    since: (created: string, seen: string) => `Since ${created}, last seen ${seen}.`,
    end: 'End',
    endOf: (created: string) => `End the session of ${created}`,
    causes: 'Who has a session may do all that you may. Ended ones need a new link.',
  },

  about: {
    version: 'Version',
    places: 'Places',
    placesWhat: 'Towns near the positions of photos are from GeoNames (geonames.org), CC BY 4.0.',
    private: 'Privacy',
    privateWhat: 'All photos and words stay on this machine. Nothing is sent anywhere.',
    privateButUpdates: (hosts: string) =>
      `All photos and words stay on this machine. Only ${hosts} is asked for newer versions, as you agreed.`,
  },
  updates: {
    label: 'Newer versions',
    look: 'Look for them once a day',
    causes: (hosts: string) =>
      `Asks ${hosts} which version of Lenslore is the newest. Like every website it learns this machine’s internet address; nothing of you, your photos or your words is sent. Nothing is downloaded before you say so.`,
    now: 'Look now',
    looking: 'Looking…',
    newest: (moment: string) => `This is the newest, as of ${moment}.`,
    found: (version: string) => `Version ${version} is there.`,
    download: 'Download',
    question: (version: string) => `Download version ${version}?`,
    what: (size: string | null, hosts: string) =>
      `${size === null ? 'It comes' : `${size} come`} from ${hosts}. You can go on working. It is installed when you close Lenslore, and your library is backed up before the new version changes anything in it.`,
    downloading: (version: string, percent: string) => `Downloading version ${version}: ${percent}.`,
    ready: (version: string) => `Version ${version} is downloaded. It is installed when you close Lenslore.`,
  },
}
