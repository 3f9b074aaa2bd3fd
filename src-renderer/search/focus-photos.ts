/**
 * Moves the focus to the photos that are shown, wherever they are drawn: the tile or hit that Tab would reach.
 * @returns whether there are any
 */
export function focusPhotos(): boolean {
  const photo = document.querySelector<HTMLElement>('#main :is([role="grid"], [data-hits]) [tabindex="0"]')
  photo?.focus()
  return photo !== null
}
