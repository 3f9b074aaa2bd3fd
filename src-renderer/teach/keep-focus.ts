import { tick } from 'svelte'

/** What was pressed is gone with what it was for: the focus goes to what came in its place, unless it went elsewhere. */
export async function keepFocus(inItsPlace: () => HTMLElement | null | undefined): Promise<void> {
  await tick()
  if (document.activeElement === document.body) inItsPlace()?.focus()
}
