import type { DataResult, HeadStatus, HttpFilter } from './filter.ts';
import type { HeaderMap } from './header-map.ts';

/** What one filter holds back. */
interface Hold {
  chunks: Buffer[];
  bytes: number;
  end: boolean;
  trailers: HeaderMap | undefined;
}

/** One direction of an exchange, as the pass hands it on and back. */
export interface PassOwner {
  callHead(filter: HttpFilter, end: boolean): HeadStatus;
  callData(filter: HttpFilter, chunk: Buffer, end: boolean): DataResult | undefined;
  callTrailers(filter: HttpFilter, trailers: HeaderMap): HeadStatus;
  deliverHead(end: boolean): void;
  deliverData(chunk: Buffer, end: boolean): boolean;
  deliverTrailers(trailers: HeaderMap): void;
  /** The exchange ended meanwhile (a local reply, a reset). */
  readonly stopped: boolean;
  readonly limitBytes: number;
  tooLarge(): void;
  pauseSource(): void;
  resumeSource(): void;
}

/** Runs one direction of an exchange through its filters; filters that stop make what follows wait in order. */
export class FilterPass {
  readonly #filters: readonly HttpFilter[];
  readonly #owner: PassOwner;
  readonly #holds: (Hold | undefined)[];
  /** Index of the filter the head waits at; the number of filters once it is through. */
  #headAt = -1;
  #headEnd = false;
  #paused = false;
  #addedTrailers: HeaderMap | undefined = undefined;
  #trailersAt = 0;

  constructor(filters: readonly HttpFilter[], owner: PassOwner) {
    this.#filters = filters;
    this.#owner = owner;
    this.#holds = new Array(filters.length);
  }

  head(end: boolean): void {
    this.#headEnd = end;
    this.#runHead(0);
  }

  #runHead(start: number): boolean {
    for (let i = start; i < this.#filters.length; i++) {
      this.#headAt = i;
      const status = this.#owner.callHead(this.#filters[i] as HttpFilter, this.#headEnd);
      if (this.#owner.stopped) return false;
      if (status === 'stop') {
        this.#holds[i] ??= newHold();
        return false;
      }
    }
    this.#headAt = this.#filters.length;
    const trailers = this.#takeAddedTrailers();
    this.#owner.deliverHead(this.#headEnd && trailers === undefined);
    if (trailers !== undefined && !this.#owner.stopped) this.#owner.deliverTrailers(trailers);
    return !this.#owner.stopped;
  }

  data(chunk: Buffer, end: boolean): boolean {
    return this.#runData(chunk, end, 0);
  }

  #runData(first: Buffer, end: boolean, start: number): boolean {
    let chunk = first;
    for (let i = start; i < this.#filters.length; i++) {
      const result = this.#owner.callData(this.#filters[i] as HttpFilter, chunk, end);
      if (this.#owner.stopped) return true;
      const hold = this.#holds[i];
      if (result === undefined) {
        if (hold === undefined) continue;
        return this.#hold(i, chunk, end, false);
      }
      if (result === 'buffer' || result === 'watermark')
        return this.#hold(i, chunk, end, result === 'buffer');
      chunk = result;
      if (hold !== undefined) return this.#release(i, chunk, end);
      if (chunk.length === 0 && !end) return true;
    }
    const trailers = end ? this.#takeAddedTrailers() : undefined;
    if (trailers === undefined) return this.#owner.deliverData(chunk, end);
    if (chunk.length > 0) this.#owner.deliverData(chunk, false);
    if (!this.#owner.stopped) this.#owner.deliverTrailers(trailers);
    return true;
  }

  #hold(index: number, chunk: Buffer, end: boolean, limited: boolean): boolean {
    const hold = this.#holds[index] ?? newHold();
    this.#holds[index] = hold;
    if (chunk.length > 0) hold.chunks.push(chunk);
    hold.bytes += chunk.length;
    hold.end = end;
    if (hold.bytes <= this.#owner.limitBytes) return true;
    if (limited) {
      this.#owner.tooLarge();
      return true;
    }
    if (!this.#paused && !end) {
      this.#paused = true;
      this.#owner.pauseSource();
    }
    return true;
  }

  /** A data callback let bytes pass where something was held: first the head, then what was held, then these. */
  #release(index: number, chunk: Buffer, end: boolean): boolean {
    const hold = this.#holds[index] as Hold;
    hold.chunks.push(chunk);
    hold.end = end;
    this.continue();
    return true;
  }

  trailers(trailers: HeaderMap): void {
    this.#runTrailers(trailers, 0);
  }

  #runTrailers(trailers: HeaderMap, start: number): void {
    for (let i = start; i < this.#filters.length; i++) {
      const hold = this.#holds[i];
      this.#trailersAt = i;
      const status = this.#owner.callTrailers(this.#filters[i] as HttpFilter, trailers);
      if (this.#owner.stopped) return;
      // The filter may have continued inside its callback.
      if (status === 'stop' || (hold !== undefined && this.#holds[i] !== undefined)) {
        this.#holds[i] ??= newHold();
        (this.#holds[i] as Hold).trailers = trailers;
        if (status !== 'stop') this.continue();
        return;
      }
    }
    this.#owner.deliverTrailers(trailers);
  }

  /** Goes on where the head waits, or at the first filter that holds body. */
  continue(): void {
    const waiting = this.#headAt < this.#filters.length && this.#headAt >= 0;
    const index = waiting ? this.#headAt : this.#holds.findIndex((hold) => hold !== undefined);
    if (index < 0) return;
    const hold = this.#holds[index];
    this.#holds[index] = undefined;
    if (waiting) {
      if (hold === undefined) return;
      // A head that waits further on keeps the body behind it waiting too.
      this.#runHead(index + 1);
      if (this.#owner.stopped) return;
    }
    if (hold === undefined) return;
    this.#replay(hold, index + 1);
    if (this.#paused && !this.#owner.stopped) {
      this.#paused = false;
      this.#owner.resumeSource();
    }
  }

  #replay(hold: Hold, next: number): void {
    const last = hold.chunks.length - 1;
    for (let i = 0; i <= last; i++) {
      const end = i === last && hold.end;
      this.#runData(hold.chunks[i] as Buffer, end, next);
      if (this.#owner.stopped) return;
    }
    if (last < 0 && hold.end && !this.#headEnd) this.#runData(noBytes, true, next);
    if (hold.trailers !== undefined) this.#runTrailers(hold.trailers, next);
  }

  get held(): readonly Buffer[] {
    return this.#holds.find((hold) => hold !== undefined)?.chunks ?? noChunks;
  }

  replaceHeld(chunks: Buffer[]): void {
    const hold = this.#holds.find((h) => h !== undefined);
    if (hold === undefined) return;
    hold.chunks = chunks;
    hold.bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  /** Ends the message with `chunk` instead of the trailers that the filter is looking at; it answers `stop`. */
  endWith(chunk: Buffer): void {
    this.#runData(chunk, true, this.#trailersAt + 1);
  }

  addTrailers(trailers: HeaderMap): void {
    this.#addedTrailers = trailers;
  }

  #takeAddedTrailers(): HeaderMap | undefined {
    const trailers = this.#addedTrailers;
    this.#addedTrailers = undefined;
    return trailers;
  }
}

const noBytes = Buffer.alloc(0);
const noChunks: readonly Buffer[] = [];

function newHold(): Hold {
  return { chunks: [], bytes: 0, end: false, trailers: undefined };
}
