/** As long as systems wait before a finger that rests means something else. */
const holdMs = 450
/** A finger is never quite still. */
const stillPx = 10

/** A finger that rests on a photo, told from one that taps it and from one that scrolls. */
export class LongPress {
  readonly #onHeld: (place: number) => void
  #timer: ReturnType<typeof setTimeout> | undefined
  #from = { xPx: 0, yPx: 0 }
  #isHeld = false

  constructor(onHeld: (place: number) => void) {
    this.#onHeld = onHeld
  }

  begin(event: PointerEvent, place: number): void {
    this.cancel()
    this.#from = { xPx: event.clientX, yPx: event.clientY }
    this.#isHeld = false
    this.#timer = setTimeout(() => {
      this.#isHeld = true
      this.#onHeld(place)
    }, holdMs)
  }

  move({ clientX, clientY }: PointerEvent): void {
    if (Math.hypot(clientX - this.#from.xPx, clientY - this.#from.yPx) > stillPx) this.cancel()
  }

  /** It was lifted, or scrolls. */
  cancel(): void {
    clearTimeout(this.#timer)
  }

  /** Whether the click or the menu that follows is of a press that did its work already. */
  takesNext(): boolean {
    const wasHeld = this.#isHeld
    this.#isHeld = false
    return wasHeld
  }
}
