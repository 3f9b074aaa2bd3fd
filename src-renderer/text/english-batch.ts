import { numbers, plural } from './plural.ts'

const photos = (count: number) => plural(count, 'photo', 'photos')
const captions = (count: number) => plural(count, 'caption', 'captions')

export const batchText = {
  noPhotos: 'There are no photos here to do that with.',
  undoNote: 'One undo brings all back.',
  marking: (count: number) => `Marking ${photos(count)}`,
  marked: (count: number) => `${photos(count)} marked.`,
  stop: 'Stop',
  caption: {
    title: (count: number) => `Caption ${photos(count)}`,
    field: 'Caption',
    note: (count: number) =>
      count === 1 ? 'It becomes your words.' : `All ${photos(count)} get the same words, yours.`,
    run: (count: number) => `Caption ${photos(count)}`,
    running: (count: number) => `Captioning ${photos(count)}`,
    done: (count: number) => `${photos(count)} captioned.`,
  },
  replace: {
    title: (count: number) => `Replace words in ${captions(count)}`,
    find: 'Find',
    put: 'Put',
    whole: 'Whole words only',
    matchCase: 'Capital letters as typed',
    list: 'What will change',
    begin: 'Type a word that stands in the captions: every change is shown before it is done.',
    nothing: (find: string) => `No caption here says “${find}”.`,
    looking: 'Looking through the captions.',
    more: (count: number) =>
      `And ${plural(count, 'more caption', 'more captions')}, changed in the same way.`,
    note: (changes: number) =>
      `${captions(changes)} ${changes === 1 ? 'changes and becomes' : 'change and become'} your words.`,
    run: (changes: number) => `Replace in ${numbers.format(changes)}`,
    runNone: 'Replace',
    running: (count: number) => `Replacing words in ${captions(count)}`,
    done: (changes: number) => `${captions(changes)} changed.`,
  },
  export: {
    title: (count: number) => `Export ${captions(count)}`,
    intro:
      'Captions are written into XMP files beside the photos, where other programs read them. The photos stay as they are.',
    planning: 'Looking at the files.',
    create: (count: number) => `${plural(count, 'file', 'files')} made`,
    update: (count: number) => `${plural(count, 'file', 'files')} changed`,
    unchanged: (count: number) => `${plural(count, 'file says', 'files say')} so already`,
    kept: (count: number) => `${plural(count, 'file is', 'files are')} left, as other words stand there`,
    refused: (count: number) => `${plural(count, 'file', 'files')} cannot be written`,
    sources: 'Whose words',
    own: 'Yours and the files’',
    all: 'All, the model’s too',
    list: 'What will be written',
    run: (count: number) => `Write ${plural(count, 'file', 'files')}`,
    nothing: 'Nothing to write',
    running: (count: number) => `Exporting ${captions(count)}`,
    done: (count: number, refused: number) =>
      refused === 0
        ? `${plural(count, 'file', 'files')} written.`
        : `${plural(count, 'file', 'files')} written, ${plural(refused, 'file', 'files')} not.`,
    undo: 'Take the export back',
    undone: (count: number, left: number) =>
      left === 0
        ? `${plural(count, 'file is', 'files are')} as before.`
        : `${plural(count, 'file is', 'files are')} as before. ${plural(left, 'file was', 'files were')} written by another program since and left.`,
  },
  trash: {
    title: (count: number) => `Move ${photos(count)} to the trash?`,
    note: (count: number, isUndone: boolean) => {
      const [goes, its, it] =
        count === 1
          ? ['The file goes', 'Its caption is', 'it']
          : ['The files go', 'Their captions are', 'them']
      const back = isUndone ? `undo brings ${it} back` : `the system’s trash brings ${it} back`
      return `${goes} to the system’s trash, with raw files and videos that belong to ${it}. ${its} kept for 30 days, and ${back}.`
    },
    run: 'Move to the trash',
  },
  trashing: (count: number) => `Moving ${photos(count)} to the trash`,
  trashed: (count: number, failed: number, isUndone: boolean) =>
    failed === 0
      ? `${photos(count)} in the trash. ${isUndone ? 'Undo' : 'The system’s trash'} brings ${count === 1 ? 'it' : 'them'} back.`
      : `${photos(count)} in the trash, ${photos(failed)} could not be moved.`,
  untrash: 'Bring back from the trash',
  untrashed: (count: number) => `${photos(count)} brought back.`,
  commands: {
    caption: 'Caption',
    replace: 'Replace words',
    export: 'Export',
    trash: 'Move to the trash',
  },
}
