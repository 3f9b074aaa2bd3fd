import { numbers, plural } from './plural.ts'

const photos = (count: number) => plural(count, 'photo', 'photos')

export const copiesText = {
  title: 'Copies',
  /** What holds for all of a stack. */
  kinds: {
    exact: 'the same file',
    picture: 'the same picture',
    near: 'nearly the same picture',
  },
  stackOf: (count: number, kind: string) => `${photos(count)}, ${kind}`,
  /** In a corner of a tile. */
  sign: (count: number) => `${photos(count)} of nearly the same: show them`,
  named: (count: number) => `One of ${numbers.format(count)} copies.`,
  best: 'Stands for the others',
  chosen: 'Stands for the others, as you chose',
  largest: 'Largest',
  sharpest: 'Sharpest',
  likeBest: {
    exact: 'Same file',
    picture: 'Same picture',
    near: 'Nearly the same',
  },
  sharpnessOf: (rank: number, of: number) => `Sharpness ${rank} of ${of}`,
  stand: 'Stand for the others',
  standOf: (file: string) => `Let ${file} stand for the others`,
  release: 'Let Lenslore choose',
  told: (file: string) => `${file} stands for the others.`,
  released: 'Lenslore chooses again.',
  none: 'This photo has no copies any more.',
  show: 'Show them',
  count: (stacks: number, all: number) =>
    `${photos(all)} in ${plural(stacks, 'stack', 'stacks')}. Nothing is ever removed.`,
  nothing: 'No photos look like copies of each other.',
  save: { csv: 'List as CSV', json: 'As JSON' },
  saving: 'Writing the list of copies',
  saved: (count: number) => `${photos(count)} in the list.`,
}
