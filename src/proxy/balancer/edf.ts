/**
 * Earliest-deadline-first schedule: an item of weight w comes every 1/w of virtual time, so picks spread smoothly in proportion to the
 * weights. Equal deadlines keep insertion order. A binary heap; picking costs O(log n), nothing is allocated.
 */
export class EdfSchedule<T> {
  readonly #items: T[] = [];
  readonly #deadlines: number[] = [];
  readonly #orders: number[] = [];
  #order = 0;
  #time = 0;

  get size(): number {
    return this.#items.length;
  }

  add(weight: number, item: T): void {
    this.#items.push(item);
    this.#deadlines.push(this.#time + 1 / weight);
    this.#orders.push(this.#order++);
    this.#up(this.#items.length - 1);
  }

  /** The next item; it is put back with the weight it has now. */
  pick(weightOf: (item: T) => number): T | undefined {
    const item = this.#items[0];
    if (item === undefined) return undefined;
    this.#time = this.#deadlines[0] as number;
    this.#deadlines[0] = this.#time + 1 / weightOf(item);
    this.#orders[0] = this.#order++;
    this.#down(0);
    return item;
  }

  #before(a: number, b: number): boolean {
    const left = this.#deadlines[a] as number;
    const right = this.#deadlines[b] as number;
    return left < right || (left === right && (this.#orders[a] as number) < (this.#orders[b] as number));
  }

  #swap(a: number, b: number): void {
    for (const list of [this.#items, this.#deadlines, this.#orders] as unknown[][]) {
      const kept = list[a];
      list[a] = list[b];
      list[b] = kept;
    }
  }

  #up(start: number): void {
    for (let i = start; i > 0; ) {
      const parent = (i - 1) >> 1;
      if (!this.#before(i, parent)) return;
      this.#swap(i, parent);
      i = parent;
    }
  }

  #down(start: number): void {
    const size = this.#items.length;
    for (let i = start; ; ) {
      const left = 2 * i + 1;
      if (left >= size) return;
      const child = left + 1 < size && this.#before(left + 1, left) ? left + 1 : left;
      if (!this.#before(child, i)) return;
      this.#swap(i, child);
      i = child;
    }
  }
}
