import type { Transform as StreamTransform } from 'node:stream';
import type { DataResult, HeadStatus, HttpExchange } from '../http/filter.ts';
import { inTurn } from '../network/event-loop.ts';

export type Transform = StreamTransform;

/**
 * Puts one direction of an exchange through a zlib stream. Chunks wait (`watermark`) while the stream works off the event loop; what comes
 * out replaces them and goes on. More than `maxBytes(in)` out of what came in aborts: a decompression bomb.
 */
export class TransformPipe {
  readonly #transform: Transform;
  readonly #direction: 'request' | 'response';
  readonly #exchange: HttpExchange;
  readonly #maxRatio: number;
  #out: Buffer[] = [];
  #bytesIn = 0;
  bytesOut = 0;
  #busy = 0;
  #ending = false;
  #failed = false;

  constructor(
    transform: Transform,
    direction: 'request' | 'response',
    exchange: HttpExchange,
    maxRatio: number,
  ) {
    this.#transform = transform;
    this.#direction = direction;
    this.#exchange = exchange;
    this.#maxRatio = maxRatio;
    transform.on('data', (chunk: Buffer) => this.#take(chunk));
    transform.on('error', () => inTurn(() => this.#fail()));
    transform.on('end', () => inTurn(() => this.#release()));
  }

  write(chunk: Buffer, end: boolean): DataResult {
    if (this.#failed) return empty;
    this.#bytesIn += chunk.length;
    if (chunk.length > 0) {
      this.#busy++;
      this.#transform.write(chunk, () => inTurn(() => this.#written()));
    }
    if (end) {
      this.#ending = true;
      this.#transform.end();
    } else if (chunk.length === 0) return empty;
    // The held chunk is only a place holder: what is released is what came out of the transform.
    return 'watermark';
  }

  /** Trailers came instead of a last chunk. */
  finish(): HeadStatus {
    if (this.#failed || this.#ending) return 'continue';
    this.#ending = true;
    this.#transform.end();
    return 'stop';
  }

  #take(chunk: Buffer): void {
    this.bytesOut += chunk.length;
    if (this.bytesOut > 1024 * 1024 && this.bytesOut > this.#bytesIn * this.#maxRatio) return this.#fail();
    this.#out.push(chunk);
  }

  #written(): void {
    this.#busy--;
    if (this.#busy === 0 && !this.#ending) this.#release();
  }

  #release(): void {
    if (this.#failed || this.#exchange.over) return;
    const out = this.#out;
    this.#out = [];
    if (this.#direction === 'request') {
      this.#exchange.replaceHeldRequestData(out);
      this.#exchange.continueRequest();
    } else {
      this.#exchange.replaceHeldResponseData(out);
      this.#exchange.continueResponse();
    }
  }

  #fail(): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#transform.destroy();
    if (this.#exchange.over) return;
    if (this.#direction === 'request')
      this.#exchange.localReply({
        status: 400,
        body: 'invalid compressed body',
        details: 'decompression_failed',
      });
    else
      this.#exchange.localReply({
        status: 502,
        body: 'invalid compressed body',
        details: 'decompression_failed',
      });
  }

  destroy(): void {
    this.#failed = true;
    this.#transform.destroy();
  }
}

const empty = Buffer.alloc(0);
