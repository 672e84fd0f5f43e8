import { reportFault } from './fault.ts';

/**
 * The turn of the event loop that is being worked on. Socket and timer callbacks run between `enter` and `leave`: the time is read once
 * a turn, and everything written to a connection during a turn leaves in one system call at its end.
 */
export interface Flushable {
  /** Writes what gathered; may queue others. */
  flush(): void;
}

/** Monotonic milliseconds at the start of this turn. */
let turnTime = performance.now();
/** Wall clock minus monotonic clock, renewed each second so that a stepped clock is followed. */
let wallOffset = Date.now() - turnTime;
let offsetRenewed = turnTime;
let active = false;
let scheduled = false;
let dirty: Flushable[] = [];
let spare: Flushable[] = [];

export function enter(): void {
  turnTime = performance.now();
  if (turnTime - offsetRenewed > 1000) {
    wallOffset = Date.now() - turnTime;
    offsetRenewed = turnTime;
  }
  active = true;
}

export function leave(): void {
  active = true;
  while (dirty.length > 0) {
    const batch = dirty;
    dirty = spare;
    for (let i = 0; i < batch.length; i++) {
      try {
        (batch[i] as Flushable).flush();
      } catch (thrown) {
        reportFault('flush', thrown);
      }
    }
    batch.length = 0;
    spare = batch;
  }
  active = false;
}

/** Monotonic milliseconds, good to the length of a turn; exact outside of one. */
export function now(): number {
  return active ? turnTime : performance.now();
}

/** Wall clock milliseconds, as exact as `now`. */
export function wallNow(): number {
  return active ? turnTime + wallOffset : Date.now();
}

/** Asks for `item.flush()` at the end of this turn. */
export function queueFlush(item: Flushable): void {
  dirty.push(item);
  if (active || scheduled) return;
  scheduled = true;
  process.nextTick(runScheduled);
}

function runScheduled(): void {
  scheduled = false;
  enter();
  leave();
}

/** Runs `fn` as a turn of its own: for callbacks of promises and child processes. */
export function inTurn(fn: () => void): void {
  enter();
  try {
    fn();
  } finally {
    leave();
  }
}
