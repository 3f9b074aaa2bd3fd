import type { CommandDescription } from '../state/command-description.ts'
import { text } from '../text/text.ts'

const titles = text.photo.commands

/** What can be done with the photo that is shown, with its keys. */
export const photoCommands: readonly CommandDescription[] = (
  [
    { id: 'next', title: titles.next, keys: ['ArrowRight', 'PageDown', 'Space'], icon: 'right' },
    { id: 'previous', title: titles.previous, keys: ['ArrowLeft', 'PageUp', 'Shift+Space'], icon: 'left' },
    { id: 'close', title: titles.close, keys: ['Escape'], icon: 'left' },
    { id: 'caption', title: titles.caption, keys: ['c'], icon: 'pen' },
    { id: 'right', title: titles.right, keys: ['y'], icon: 'check' },
    ...[1, 2, 3, 4].map((number) => ({
      id: `reading-${number}`,
      title: titles.reading(number),
      keys: [`Alt+${number}`],
      series: titles.readings,
      whileTyping: true,
    })),
    { id: 'regenerate', title: titles.regenerate, keys: ['r'], icon: 'again' },
    { id: 'like', title: titles.like, keys: ['m'], icon: 'alike' },
    { id: 'copies', title: titles.copies, keys: ['k'], icon: 'stack' },
    { id: 'looked', title: titles.looked, keys: ['h'], icon: 'eye' },
    { id: 'next-word', title: titles.nextWord, keys: ['Alt+ArrowRight'], whileTyping: true },
    { id: 'previous-word', title: titles.previousWord, keys: ['Alt+ArrowLeft'], whileTyping: true },
    ...[0, 1, 2, 3, 4, 5].map((stars) => ({
      id: `rate-${stars}`,
      title: titles.rate(stars),
      keys: [String(stars)],
      series: titles.rates,
      icon: 'star' as const,
    })),
    { id: 'favorite', title: titles.favorite, keys: ['v', 'f'], icon: 'heart' },
    { id: 'reject', title: titles.reject, keys: ['x'], icon: 'x' },
    { id: 'zoom', title: titles.zoom, keys: ['z'] },
    { id: 'larger', title: titles.zoomIn, keys: ['+', '='], icon: 'plus' },
    { id: 'smaller', title: titles.zoomOut, keys: ['-'], icon: 'minus' },
    ...['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown'].map((key) => ({
      id: `pan-${key}`,
      title: titles.pan,
      keys: [`Shift+${key}`],
      series: titles.pan,
      isHidden: true,
    })),
    { id: 'copy', title: titles.copy, keys: ['Mod+Shift+c'], icon: 'copy' },
    { id: 'alt', title: titles.alt, icon: 'text' },
    { id: 'reveal', title: titles.reveal, icon: 'folder', needs: 'reveal' },
    { id: 'open', title: titles.open, icon: 'out', needs: 'openWithOther' },
    { id: 'map', title: titles.map, icon: 'pin', needs: 'openMap' },
    { id: 'trash', title: titles.trash, keys: ['Delete'], icon: 'trash', needs: 'trash' },
  ] satisfies Omit<CommandDescription, 'group'>[]
).map((described) => ({ ...described, id: `photo-${described.id}`, group: 'photo' }))
