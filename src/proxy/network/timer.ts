import { enter, leave, now } from './event-loop.ts';
import { reportFault } from './fault.ts';

/**
 * Coarse timers that cost two pointer writes to start and to stop. Deadlines of equal length sit in one list in order of expiry, and
 * each list has one real timer for its first entry; lengths are rounded up, so there are few lists. They never keep the process alive.
 */
export abstract class Deadline {
  /** @internal list links; undefined when not started. */
  prev: Deadline | undefined = undefined;
  next: Deadline | undefined = undefined;
  list: DeadlineList | undefined = undefined;
  due = 0;

  abstract onTimeout(): void;

  get running(): boolean {
    return this.list !== undefined;
  }

  /** (Re)starts it to fire in about `ms`, never early. */
  start(ms: number): void {
    if (this.list !== undefined) this.list.remove(this);
    listFor(ms).add(this);
  }

  stop(): void {
    if (this.list !== undefined) this.list.remove(this);
  }
}

class DeadlineList {
  readonly #ms: number;
  #first: Deadline | undefined = undefined;
  #last: Deadline | undefined = undefined;
  #armed = false;

  constructor(ms: number) {
    this.#ms = ms;
  }

  add(entry: Deadline): void {
    entry.list = this;
    entry.due = now() + this.#ms;
    entry.prev = this.#last;
    entry.next = undefined;
    if (this.#last === undefined) this.#first = entry;
    else this.#last.next = entry;
    this.#last = entry;
    if (!this.#armed) this.#arm(this.#ms);
  }

  remove(entry: Deadline): void {
    if (entry.prev === undefined) this.#first = entry.next;
    else entry.prev.next = entry.next;
    if (entry.next === undefined) this.#last = entry.prev;
    else entry.next.prev = entry.prev;
    entry.prev = undefined;
    entry.next = undefined;
    entry.list = undefined;
  }

  #arm(ms: number): void {
    this.#armed = true;
    setTimeout(() => this.#fire(), Math.min(ms, 0x7fffffff)).unref();
  }

  #fire(): void {
    this.#armed = false;
    enter();
    const time = now();
    let first = this.#first;
    while (first !== undefined && first.due <= time) {
      this.remove(first);
      try {
        first.onTimeout();
      } catch (thrown) {
        reportFault('timer', thrown);
      }
      first = this.#first;
    }
    leave();
    if (first !== undefined && !this.#armed) this.#arm(Math.max(1, Math.ceil(first.due - time)));
  }
}

const lists = new Map<number, DeadlineList>();

function listFor(ms: number): DeadlineList {
  const rounded = roundUp(ms);
  let list = lists.get(rounded);
  if (list === undefined) {
    list = new DeadlineList(rounded);
    lists.set(rounded, list);
  }
  return list;
}

function roundUp(ms: number): number {
  const step = ms <= 100 ? 5 : ms <= 1000 ? 10 : ms <= 10_000 ? 50 : ms <= 60_000 ? 250 : 1000;
  return Math.max(step, Math.ceil(ms / step) * step);
}

class CallbackDeadline extends Deadline {
  readonly #fn: () => void;

  constructor(fn: () => void) {
    super();
    this.#fn = fn;
  }

  onTimeout(): void {
    this.#fn();
  }

  cancel(): void {
    this.stop();
  }
}

/** Runs `fn` once after about `ms`. */
export function after(ms: number, fn: () => void): { cancel(): void } {
  const deadline = new CallbackDeadline(fn);
  deadline.start(ms);
  return deadline;
}
