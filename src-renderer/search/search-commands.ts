import type { CommandDescription } from '../state/command-description.ts'
import { text } from '../text/text.ts'

const titles = text.search.commands

/** What can be done to search, with its keys. */
export const searchCommands: readonly CommandDescription[] = [
  { id: 'search', group: 'search', title: titles.search, keys: ['/', 'Mod+f'], icon: 'search' },
  { id: 'search-picture', group: 'search', title: titles.picture, icon: 'alike' },
  { id: 'search-filters', group: 'search', title: titles.filters, keys: ['f'], icon: 'filter' },
  {
    id: 'search-save',
    group: 'search',
    title: titles.save,
    keys: ['Mod+s'],
    icon: 'save',
    whileTyping: true,
  },
  { id: 'search-layout', group: 'search', title: titles.layout, keys: ['l'], icon: 'list' },
]
