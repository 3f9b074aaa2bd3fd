/**
 * The best of many, of which no more than a given number are kept: a heap with the worst of them on top. Of equal scores the
 * lower id is the better.
 */
export class Best {
  readonly most: number
  readonly ids: Float64Array
  readonly scores: Float64Array
  count = 0

  constructor(most: number) {
    this.most = most
    this.ids = new Float64Array(most)
    this.scores = new Float64Array(most)
  }

  /** What a score must be above to be kept, whatever its id. */
  get bound(): number {
    return this.count < this.most ? -Infinity : this.scores[0]!
  }

  add(id: number, score: number): void {
    if (this.count < this.most) this.#rise(this.count++, id, score)
    else if (this.#isWorse(0, id, score)) this.#sink(id, score)
  }

  #isWorse(at: number, id: number, score: number): boolean {
    return this.scores[at]! < score || (this.scores[at] === score && this.ids[at]! > id)
  }

  #put(at: number, id: number, score: number): void {
    this.ids[at] = id
    this.scores[at] = score
  }

  #rise(from: number, id: number, score: number): void {
    let at = from
    while (at > 0) {
      const parent = (at - 1) >>> 1
      if (this.#isWorse(parent, id, score)) break
      this.#put(at, this.ids[parent]!, this.scores[parent]!)
      at = parent
    }
    this.#put(at, id, score)
  }

  #sink(id: number, score: number): void {
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= this.count) break
      if (child + 1 < this.count && this.#isWorse(child + 1, this.ids[child]!, this.scores[child]!)) child++
      if (!this.#isWorse(child, id, score)) break
      this.#put(at, this.ids[child]!, this.scores[child]!)
      at = child
    }
    this.#put(at, id, score)
  }
}
