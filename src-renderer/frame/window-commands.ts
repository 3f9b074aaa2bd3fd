import type { Command } from '../state/commands.svelte.ts'
import type { FrameState } from '../state/frame.svelte.ts'
import { overviews } from '../state/overviews.ts'
import type { WindowState } from '../state/window-state.svelte.ts'
import { text } from '../text/text.ts'
import { focusNextPart } from './parts-of-window.ts'

/** What can be done wherever one is. */
export function windowCommands(state: WindowState, frame: FrameState): Command[] {
  const { router, work, preferences, edits } = state
  const titles = text.commands
  const search = (query: string) => () => router.go({ view: 'search', query })
  return [
    {
      id: 'palette',
      group: 'everywhere',
      title: titles.palette,
      keys: ['Mod+k', 'Mod+Shift+p'],
      isHidden: true,
      whileTyping: true,
      run: () => frame.open('palette'),
    },
    {
      id: 'shortcuts',
      group: 'everywhere',
      title: titles.shortcuts,
      icon: 'keys',
      keys: ['?'],
      run: () => frame.open('shortcuts'),
    },
    {
      id: 'undo',
      group: 'everywhere',
      title: titles.undo,
      icon: 'back',
      keys: ['Mod+z'],
      isPossible: () => edits.undoable !== null,
      run: () => void edits.undo(),
    },
    {
      id: 'redo',
      group: 'everywhere',
      title: titles.redo,
      icon: 'again',
      keys: ['Mod+y', 'Mod+Shift+z'],
      isPossible: () => edits.redoable !== null,
      run: () => void edits.redo(),
    },
    {
      id: 'next-part',
      group: 'everywhere',
      title: titles.nextPart,
      keys: ['F6'],
      isHidden: true,
      whileTyping: true,
      run: () => focusNextPart(1),
    },
    {
      id: 'last-part',
      group: 'everywhere',
      title: titles.lastPart,
      keys: ['Shift+F6'],
      isHidden: true,
      whileTyping: true,
      run: () => focusNextPart(-1),
    },
    {
      id: 'sidebar',
      group: 'everywhere',
      title: titles.sidebar,
      icon: 'side',
      keys: ['Mod+b'],
      whileTyping: true,
      run: () => frame.toggleSide(),
    },
    {
      id: 'theme',
      group: 'everywhere',
      title: titles.theme,
      icon: 'theme',
      keys: ['Mod+Shift+l'],
      whileTyping: true,
      run: () => preferences.toggleTheme(),
    },
    {
      id: 'go-all',
      group: 'places',
      title: titles.all,
      icon: 'grid',
      keys: ['g a'],
      run: () => router.go({ view: 'library' }),
    },
    {
      id: 'go-unsure',
      group: 'places',
      title: titles.unsure,
      icon: 'unsure',
      keys: ['g u'],
      run: search(overviews.unsure),
    },
    {
      id: 'go-yours',
      group: 'places',
      title: titles.yours,
      icon: 'pen',
      run: search(overviews.yours),
    },
    {
      id: 'go-uncaptioned',
      group: 'places',
      title: titles.uncaptioned,
      icon: 'wait',
      run: search(overviews.uncaptioned),
    },
    {
      id: 'go-failed',
      group: 'places',
      title: titles.failed,
      icon: 'fail',
      run: search(overviews.failed),
    },
    {
      id: 'go-teach',
      group: 'places',
      title: titles.teach,
      icon: 'teach',
      keys: ['g t'],
      run: () => router.go({ view: 'teach' }),
    },
    {
      id: 'go-work',
      group: 'places',
      title: titles.work,
      icon: 'work',
      keys: ['g w'],
      run: () => router.go({ view: 'work' }),
    },
    {
      id: 'go-settings',
      group: 'places',
      title: titles.settings,
      icon: 'gear',
      keys: ['Mod+,'],
      whileTyping: true,
      run: () => router.go({ view: 'settings', part: '' }),
    },
    {
      id: 'add-folder',
      group: 'captioning',
      title: titles.addFolder,
      icon: 'plus',
      run: () => state.folders.add(),
    },
    {
      id: 'pause',
      group: 'captioning',
      title: titles.pause,
      icon: 'pause',
      keys: ['p'],
      // Before there is a folder, there is nothing to pause, and nothing that shows it.
      isPossible: () => router.route.view !== 'first',
      run: () => void work.togglePause(),
    },
  ]
}
