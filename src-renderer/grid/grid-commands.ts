import type { MarksChange } from '../../src-main/contract/rooms/marks.ts'
import type { Selection } from '../../src-main/contract/rooms/parameters.ts'
import { ratingShift } from '../../src-main/contract/tile-flags.ts'
import type { Command } from '../state/commands.svelte.ts'
import type { WindowState } from '../state/window-state.svelte.ts'
import { text } from '../text/text.ts'
import { gridLook } from './grid-look.svelte.ts'
import { has, ratingIn } from './tile-names.ts'
import type { TimelineState } from './timeline.svelte.ts'

/** Nothing said, and no rating. */
const noFlags = 1 << ratingShift

/** What can be done in a grid, with its keys. @param isInGrid whether the keys that move are for the grid */
export function gridCommands(
  window: WindowState,
  timeline: TimelineState,
  { isInGrid, openDate, mark }: { isInGrid(): boolean; openDate(): void; mark(change: MarksChange): void },
): Command[] {
  const { api, notices, router } = window
  const { selection } = timeline
  const titles = text.grid.commands
  const last = () => timeline.total - 1

  /** What an act is for: the selected photos, else the one with the focus. */
  function chosen(): Selection | null {
    const id = timeline.focusId
    return selection.asSelection() ?? (id === undefined ? null : { photos: [id] })
  }

  /** Of the photo with the focus, where the act is for it: what it has is taken away again, from others as well. */
  function flags(): number {
    const isMeant = selection.isEmpty || selection.has(timeline.focusPlace)
    return (isMeant ? timeline.flagsAt(timeline.focusPlace) : undefined) ?? noFlags
  }

  async function go(place: number | Promise<number>): Promise<void> {
    await timeline.focusOn(await place)
  }

  async function extend(place: number | Promise<number>): Promise<void> {
    if (selection.isEmpty) selection.begin(timeline.focusPlace)
    await timeline.focusOn(await place)
    selection.extendTo(timeline.focusPlace)
  }

  async function regenerate(): Promise<void> {
    const photos = chosen()
    if (!photos) return
    const isFailed = selection.isEmpty && has(timeline.flagsAt(timeline.focusPlace) ?? 0, 'failed')
    const call = isFailed ? api.retry({ selection: photos }) : api.regenerate({ selection: photos })
    const taken = await notices.orTell(call)
    if (taken) notices.tell((isFailed ? text.grid.retrying : text.grid.regenerating)(taken.photos))
  }

  function monthAway(step: 1 | -1): number {
    const { start, end } = timeline.monthOf(timeline.focusPlace)
    if (step > 0) return Math.min(last(), end)
    return timeline.focusPlace > start ? start : timeline.monthOf(Math.max(0, start - 1)).start
  }

  const at = () => timeline.focusPlace
  const bound = (place: number) => Math.max(0, Math.min(last(), place))
  type Way = [id: string, key: string, title: string, place: () => number | Promise<number>]
  const moves: Way[] = [
    ['left', 'ArrowLeft', titles.left, () => bound(at() - 1)],
    ['right', 'ArrowRight', titles.right, () => bound(at() + 1)],
    ['up', 'ArrowUp', titles.up, () => timeline.placeBeyond(at(), -1)],
    ['down', 'ArrowDown', titles.down, () => timeline.placeBeyond(at(), 1)],
    ['screen-up', 'PageUp', titles.screenUp, () => timeline.placeByScreen(at(), -1)],
    ['screen-down', 'PageDown', titles.screenDown, () => timeline.placeByScreen(at(), 1)],
    ['first', 'Home', titles.first, () => 0],
    ['last', 'End', titles.last, last],
    ['month-up', 'Mod+ArrowUp', titles.monthUp, () => monthAway(-1)],
    ['month-down', 'Mod+ArrowDown', titles.monthDown, () => monthAway(1)],
  ]
  const extensions: Way[] = [
    ['extend-left', 'Shift+ArrowLeft', titles.extendLeft, () => bound(at() - 1)],
    ['extend-right', 'Shift+ArrowRight', titles.extendRight, () => bound(at() + 1)],
    ['extend-up', 'Shift+ArrowUp', titles.extendUp, () => timeline.placeBeyond(at(), -1)],
    ['extend-down', 'Shift+ArrowDown', titles.extendDown, () => timeline.placeBeyond(at(), 1)],
    ['extend-first', 'Shift+Home', titles.extendFirst, () => 0],
    ['extend-last', 'Shift+End', titles.extendLast, last],
  ]
  const move = (ways: Way[], act: (place: number | Promise<number>) => Promise<void>): Command[] =>
    ways.map(([id, key, title, place]) => ({
      id: `grid-${id}`,
      group: 'photos',
      title,
      keys: [key],
      isHidden: true,
      isPossible: isInGrid,
      run: () => void act(place()),
    }))
  const hasPhotos = () => timeline.total > 0

  return [
    ...move(moves, go),
    ...move(extensions, extend),
    {
      id: 'grid-pick',
      group: 'photos',
      title: titles.pick,
      keys: ['Space'],
      isHidden: true,
      isPossible: isInGrid,
      run: () => selection.toggle(timeline.focusPlace),
    },
    {
      id: 'grid-open',
      group: 'photos',
      title: titles.open,
      keys: ['Enter'],
      isHidden: true,
      isPossible: () => isInGrid() && timeline.focusId !== undefined,
      run: () => router.go({ view: 'photo', photo: timeline.focusId!, query: timeline.query }),
    },
    {
      id: 'grid-all',
      group: 'photos',
      title: titles.all,
      keys: ['Mod+a'],
      isPossible: hasPhotos,
      run: () => selection.all(),
    },
    {
      id: 'grid-clear',
      group: 'photos',
      title: titles.clear,
      keys: ['Escape'],
      isPossible: () => !selection.isEmpty,
      run: () => {
        selection.clear()
        void timeline.focusOn(timeline.focusPlace)
      },
    },
    {
      id: 'grid-date',
      group: 'photos',
      title: titles.date,
      keys: ['d'],
      icon: 'calendar',
      isPossible: hasPhotos,
      run: openDate,
    },
    ...[0, 1, 2, 3, 4, 5].map(
      (stars): Command => ({
        id: `grid-rate-${stars}`,
        group: 'photos',
        title: titles.rate(stars),
        keys: [String(stars)],
        icon: 'star',
        isPossible: () => chosen() !== null,
        run: () => mark({ rating: stars }),
      }),
    ),
    {
      id: 'grid-favorite',
      group: 'photos',
      title: titles.favorite,
      keys: ['v'],
      icon: 'heart',
      isPossible: () => chosen() !== null,
      run: () => mark({ isFavorite: !has(flags(), 'favorite') }),
    },
    {
      id: 'grid-reject',
      group: 'photos',
      title: titles.reject,
      keys: ['x'],
      icon: 'x',
      isPossible: () => chosen() !== null,
      run: () => mark({ rating: ratingIn(flags()) < 0 ? 0 : -1 }),
    },
    {
      id: 'grid-regenerate',
      group: 'captions',
      title: titles.regenerate,
      keys: ['r'],
      icon: 'again',
      isForSelection: true,
      isPossible: () => chosen() !== null,
      run: () => void regenerate(),
    },
    {
      id: 'grid-captions',
      group: 'photos',
      title: titles.captions,
      keys: ['t'],
      icon: 'text',
      run: () => gridLook.toggleCaptions(),
    },
    {
      id: 'grid-larger',
      group: 'photos',
      title: titles.larger,
      keys: ['+', '='],
      icon: 'plus',
      run: () => gridLook.step(1),
    },
    {
      id: 'grid-smaller',
      group: 'photos',
      title: titles.smaller,
      keys: ['-'],
      icon: 'minus',
      run: () => gridLook.step(-1),
    },
  ]
}
