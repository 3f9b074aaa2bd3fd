import { likeText } from '../../src-main/contract/query-grammar.ts'
import type { MarksChange } from '../../src-main/contract/rooms/marks.ts'
import type { Selection } from '../../src-main/contract/rooms/parameters.ts'
import { ratingShift } from '../../src-main/contract/tile-flags.ts'
import type { CommandDescription } from '../state/command-description.ts'
import type { CommandAct } from '../state/commands.svelte.ts'
import type { WindowState } from '../state/window-state.svelte.ts'
import { text } from '../text/text.ts'
import { gridLook, isOfAll } from './grid-look.svelte.ts'
import { samplePlaces } from './sample-places.ts'
import { has, ratingIn } from './tile-names.ts'
import type { TimelineState } from './timeline.svelte.ts'

/** Of a selection that is too large to be named, so many are what photos are to look like. */
const mostSampled = 100
/** Nothing said, and no rating. */
const noFlags = 1 << ratingShift

const titles = text.grid.commands
const stars = [0, 1, 2, 3, 4, 5] as const

const moveKeys = [
  ['left', 'ArrowLeft', titles.left],
  ['right', 'ArrowRight', titles.right],
  ['up', 'ArrowUp', titles.up],
  ['down', 'ArrowDown', titles.down],
  ['screen-up', 'PageUp', titles.screenUp],
  ['screen-down', 'PageDown', titles.screenDown],
  ['first', 'Home', titles.first],
  ['last', 'End', titles.last],
  ['month-up', 'Mod+ArrowUp', titles.monthUp],
  ['month-down', 'Mod+ArrowDown', titles.monthDown],
  ['extend-left', 'Shift+ArrowLeft', titles.extendLeft],
  ['extend-right', 'Shift+ArrowRight', titles.extendRight],
  ['extend-up', 'Shift+ArrowUp', titles.extendUp],
  ['extend-down', 'Shift+ArrowDown', titles.extendDown],
  ['extend-first', 'Shift+Home', titles.extendFirst],
  ['extend-last', 'Shift+End', titles.extendLast],
  ['pick', 'Space', titles.pick],
  ['open', 'Enter', titles.open],
] as const

/** As one of what is asked for now, also while an older search is still what is drawn: that is where one comes back to. */
export function openPhoto({ router }: WindowState, photo: number): void {
  const { route } = router
  router.go({ view: 'photo', photo, query: route.view === 'search' ? route.query : '' })
}

/** All photos that are copies of one, itself among them. */
export function openCopies({ router }: WindowState, photo: number): void {
  router.go({ view: 'search', query: `copies:${photo}` })
}

/** What can be done in a grid, with its keys. */
export const gridCommands: readonly CommandDescription[] = [
  ...moveKeys.map(
    ([id, key, title]): CommandDescription => ({
      id: `grid-${id}`,
      group: 'photos',
      title,
      keys: [key],
      isHidden: true,
    }),
  ),
  { id: 'grid-all', group: 'photos', title: titles.all, keys: ['Mod+a'] },
  { id: 'grid-clear', group: 'photos', title: titles.clear, keys: ['Escape'] },
  { id: 'grid-date', group: 'photos', title: titles.date, keys: ['d'], icon: 'calendar' },
  ...stars.map(
    (count): CommandDescription => ({
      id: `grid-rate-${count}`,
      group: 'photos',
      title: titles.rate(count),
      keys: [String(count)],
      icon: 'star',
      series: titles.rates,
    }),
  ),
  { id: 'grid-favorite', group: 'photos', title: titles.favorite, keys: ['v'], icon: 'heart' },
  { id: 'grid-reject', group: 'photos', title: titles.reject, keys: ['x'], icon: 'x' },
  {
    id: 'grid-regenerate',
    group: 'captions',
    title: titles.regenerate,
    keys: ['r'],
    icon: 'again',
    isForSelection: true,
  },
  { id: 'grid-like', group: 'photos', title: titles.like, keys: ['m'], icon: 'alike', isForSelection: true },
  { id: 'grid-copies', group: 'photos', title: titles.copies, keys: ['k'], icon: 'stack' },
  { id: 'grid-stacks', group: 'photos', title: titles.stacks, keys: ['Shift+k'], icon: 'stack' },
  { id: 'grid-captions', group: 'photos', title: titles.captions, keys: ['t'], icon: 'text' },
  { id: 'grid-larger', group: 'photos', title: titles.larger, keys: ['+', '='], icon: 'plus' },
  { id: 'grid-smaller', group: 'photos', title: titles.smaller, keys: ['-'], icon: 'minus' },
]

/** Does the commands of one grid. @param isInGrid whether the keys that move are for the grid */
export function gridActs(
  window: WindowState,
  timeline: TimelineState,
  { isInGrid, openDate, mark }: { isInGrid(): boolean; openDate(): void; mark(change: MarksChange): void },
): Record<string, CommandAct> {
  const { api, notices } = window
  const { selection } = timeline
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

  /** Of very many, some stand for all. */
  async function moreLike(): Promise<void> {
    const photos = chosen()
    if (!photos) return
    const ids = 'photos' in photos ? photos.photos : await notices.orTell(sampled(photos))
    if (!ids || ids.length === 0) return
    const query = likeText({ kind: 'pictures', pictures: ids.map((photo) => ({ photo })) })
    window.router.go({ view: 'search', query })
  }

  async function sampled({ query }: { query: string }): Promise<number[]> {
    const places = samplePlaces(selection.ranges, mostSampled)
    const pages = await Promise.all(places.map((offset) => api.timelinePage({ query, offset, limit: 1 })))
    notices.tell(text.grid.sampled(places.length, selection.count))
    return pages.flatMap(({ ids }) => [...ids])
  }

  function monthAway(step: 1 | -1): number {
    const { start, end } = timeline.monthOf(timeline.focusPlace)
    if (step > 0) return Math.min(last(), end)
    return timeline.focusPlace > start ? start : timeline.monthOf(Math.max(0, start - 1)).start
  }

  const at = () => timeline.focusPlace
  const bound = (place: number) => Math.max(0, Math.min(last(), place))
  type Ways = Record<string, () => number | Promise<number>>
  const moves: Ways = {
    left: () => bound(at() - 1),
    right: () => bound(at() + 1),
    up: () => timeline.placeBeyond(at(), -1),
    down: () => timeline.placeBeyond(at(), 1),
    'screen-up': () => timeline.placeByScreen(at(), -1),
    'screen-down': () => timeline.placeByScreen(at(), 1),
    first: () => 0,
    last,
    'month-up': () => monthAway(-1),
    'month-down': () => monthAway(1),
  }
  const extensions: Ways = Object.fromEntries(
    ['left', 'right', 'up', 'down', 'first', 'last'].map((way) => [`extend-${way}`, moves[way]!]),
  )
  const move = (ways: Ways, act: (place: number | Promise<number>) => Promise<void>) =>
    Object.fromEntries(
      Object.entries(ways).map(([id, place]) => [
        `grid-${id}`,
        { isPossible: isInGrid, run: () => void act(place()) },
      ]),
    )
  const copiesOfFocused = () => {
    const id = timeline.focusId
    return (id !== undefined && timeline.tileOf(id)?.stacked) || 0
  }
  const hasPhotos = () => timeline.total > 0
  const hasChosen = () => chosen() !== null

  return {
    ...move(moves, go),
    ...move(extensions, extend),
    'grid-pick': { isPossible: isInGrid, run: () => selection.toggle(timeline.focusPlace) },
    'grid-open': {
      isPossible: () => isInGrid() && timeline.focusId !== undefined,
      run: () => openPhoto(window, timeline.focusId!),
    },
    'grid-all': { isPossible: hasPhotos, run: () => selection.all() },
    'grid-clear': {
      isPossible: () => !selection.isEmpty,
      run: () => {
        selection.clear()
        void timeline.focusOn(timeline.focusPlace)
      },
    },
    'grid-date': { isPossible: hasPhotos, run: openDate },
    ...Object.fromEntries(
      stars.map((count) => [
        `grid-rate-${count}`,
        { isPossible: hasChosen, run: () => mark({ rating: count }) },
      ]),
    ),
    'grid-favorite': {
      isPossible: hasChosen,
      run: () => mark({ isFavorite: !has(flags(), 'favorite') }),
    },
    'grid-reject': {
      isPossible: hasChosen,
      run: () => mark({ rating: ratingIn(flags()) < 0 ? 0 : -1 }),
    },
    'grid-regenerate': { isPossible: hasChosen, run: () => void regenerate() },
    'grid-like': { isPossible: hasChosen, run: () => void moreLike() },
    'grid-copies': {
      isPossible: () => copiesOfFocused() > 0,
      run: () => openCopies(window, timeline.focusId!),
    },
    'grid-stacks': { isPossible: () => isOfAll(timeline.query), run: () => gridLook.toggleStacks() },
    'grid-captions': { run: () => gridLook.toggleCaptions() },
    'grid-larger': { run: () => gridLook.step(1) },
    'grid-smaller': { run: () => gridLook.step(-1) },
  }
}
