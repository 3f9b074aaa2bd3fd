const selector = '[data-part]'
const canFocus = 'a[href], button, input, select, textarea, [tabindex]'

/** Where the focus was last in each part of the window: F6 comes back to it. */
const lastIn = new WeakMap<Element, HTMLElement>()

export function noteFocus(event: FocusEvent): void {
  if (!(event.target instanceof HTMLElement)) return
  const part = event.target.closest(selector)
  if (part) lastIn.set(part, event.target)
}

/** Moves the focus to the next part of the window, or with -1 to the one before. A view may have several of its own. */
export function focusNextPart(step: 1 | -1): void {
  const parts = [...document.querySelectorAll<HTMLElement>(selector)].filter(
    (part) => isShown(part) && !part.querySelector(selector),
  )
  const at = parts.indexOf(document.activeElement?.closest<HTMLElement>(selector) as HTMLElement)
  const next = at < 0 ? 0 : (at + step + parts.length) % parts.length
  const part = parts[next]
  if (part) focusIn(part)
}

function focusIn(part: HTMLElement): void {
  const last = lastIn.get(part)
  const target = last?.isConnected && isShown(last) ? last : firstIn(part)
  if (target) target.focus()
  else focusWhole(part)
}

/** What has nothing to be pressed at present is come to as well, so that it is read and F6 goes on from there. */
function focusWhole(part: HTMLElement): void {
  if (!part.hasAttribute('tabindex')) part.tabIndex = -1
  part.focus()
}

function firstIn(part: HTMLElement): HTMLElement | undefined {
  return [...part.querySelectorAll<HTMLElement>(canFocus)].find(
    (element) => element.tabIndex >= 0 && isShown(element) && !(element as HTMLButtonElement).disabled,
  )
}

function isShown(element: HTMLElement): boolean {
  return element.checkVisibility()
}
