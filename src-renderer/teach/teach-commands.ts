import type { CommandDescription } from '../state/command-description.ts'
import { text } from '../text/text.ts'

const titles = text.teach.commands

/** What can be done where one teaches, with its keys. Writing and readings have those that they have with every photo. */
export const teachCommands: readonly CommandDescription[] = (
  [
    { id: 'right', title: titles.right, keys: ['y'], icon: 'check' },
    { id: 'skip', title: titles.skip, keys: ['s'], icon: 'right' },
    { id: 'back', title: titles.back, keys: ['b'], icon: 'left' },
    { id: 'offer-yes', title: titles.offerYes, keys: ['y'], icon: 'check' },
    { id: 'offer-no', title: titles.offerNo, keys: ['n'], icon: 'x' },
    { id: 'train', title: titles.train, icon: 'teach' },
  ] satisfies Omit<CommandDescription, 'group'>[]
).map((described) => ({ ...described, id: `teach-${described.id}`, group: 'teach' }))
