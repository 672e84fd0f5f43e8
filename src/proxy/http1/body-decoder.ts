import type { HeaderMap } from '../http/header-map.ts';
import { HeadFacts, type HeadLimits, parseTrailers } from './head-parser.ts';

/** Receives a decoded body. `end` comes with the last bytes, which may be none. */
export interface BodySink {
  bodyData(chunk: Buffer, end: boolean): void;
  bodyTrailers(trailers: HeaderMap): void;
}

export const BodyMode = { none: 0, length: 1, chunked: 2, untilClose: 3 } as const;

const State = { size: 0, data: 1, dataEnd: 2, trailers: 3, done: 4 } as const;

const chunkLine =
  /^([0-9A-Fa-f]{1,12})((?:;[\t ]*[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:=(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+|"(?:[\t !#-[\]-~\x80-\xff]|\\[\t !-~\x80-\xff])*"))?)*)$/;
const maxLine = 4096;
const maxTrailers = 16_384;
const empty = Buffer.alloc(0);

/** Decodes the body of one message after another: counted, chunked (RFC 9112 7.1, strictly) or delimited by the connection's end. */
export class BodyDecoder {
  mode: number = BodyMode.none;
  done = true;
  /** What is wrong with the body, '' when nothing. */
  error = '';
  readonly #facts = new HeadFacts();
  readonly #limits: HeadLimits;
  #remaining = 0;
  #state: number = State.size;
  /** Start of a line that did not fit one read. */
  #line = '';

  constructor(limits: HeadLimits) {
    this.#limits = limits;
  }

  start(mode: number, length: number): void {
    this.mode = mode;
    this.done = mode === BodyMode.none || (mode === BodyMode.length && length === 0);
    this.error = '';
    this.#remaining = length;
    this.#state = State.size;
    this.#line = '';
  }

  /** Consumes bytes from `at`; returns where it stopped: the chunk's end, or the first byte after the message. */
  decode(chunk: Buffer, at: number, sink: BodySink): number {
    if (this.mode === BodyMode.length) return this.#counted(chunk, at, sink);
    if (this.mode === BodyMode.untilClose) {
      sink.bodyData(at === 0 ? chunk : chunk.subarray(at), false);
      return chunk.length;
    }
    return this.#chunked(chunk, at, sink);
  }

  #counted(chunk: Buffer, at: number, sink: BodySink): number {
    const take = Math.min(this.#remaining, chunk.length - at);
    this.#remaining -= take;
    if (this.#remaining === 0) this.done = true;
    sink.bodyData(at === 0 && take === chunk.length ? chunk : chunk.subarray(at, at + take), this.done);
    return at + take;
  }

  #chunked(chunk: Buffer, start: number, sink: BodySink): number {
    let at = start;
    while (at < chunk.length && !this.done && this.error === '') {
      if (this.#state === State.data) {
        const take = Math.min(this.#remaining, chunk.length - at);
        this.#remaining -= take;
        if (this.#remaining === 0) this.#state = State.dataEnd;
        sink.bodyData(chunk.subarray(at, at + take), false);
        at += take;
        continue;
      }
      const lf = chunk.indexOf(10, at);
      const upTo = lf < 0 ? chunk.length : lf + 1;
      this.#line += chunk.latin1Slice(at, upTo);
      at = upTo;
      if (lf < 0) this.#partialLine();
      else this.#wholeLine(sink);
    }
    return at;
  }

  #partialLine(): void {
    const limit = this.#state === State.trailers ? maxTrailers : maxLine;
    if (this.#line.length > limit) this.error = 'http1.chunk_line_too_long';
    else if (this.#state === State.dataEnd && !'\r\n'.startsWith(this.#line))
      this.error = 'http1.invalid_chunk_end';
    else if (this.#state === State.size && !/^[0-9A-Fa-f]/.test(this.#line))
      this.error = 'http1.invalid_chunk_size';
  }

  #wholeLine(sink: BodySink): void {
    const line = this.#line;
    if (!line.endsWith('\r\n')) {
      this.error = 'http1.bare_cr_or_lf';
    } else if (this.#state === State.dataEnd) {
      if (line === '\r\n') this.#state = State.size;
      else this.error = 'http1.invalid_chunk_end';
      this.#line = '';
    } else if (this.#state === State.size) {
      this.#sizeLine(line);
      this.#line = '';
    } else if (line === '\r\n') {
      this.done = true;
      sink.bodyData(empty, true);
    } else if (line.endsWith('\r\n\r\n')) {
      this.#trailers(line.slice(0, -2), sink);
    } else if (line.length > maxTrailers) {
      this.error = 'http1.trailers_too_long';
    }
  }

  #sizeLine(line: string): void {
    const match = line.length > maxLine ? null : chunkLine.exec(line.slice(0, -2));
    if (match === null) {
      this.error = 'http1.invalid_chunk_size';
      return;
    }
    this.#remaining = Number.parseInt(match[1] as string, 16);
    this.#state = this.#remaining === 0 ? State.trailers : State.data;
  }

  #trailers(text: string, sink: BodySink): void {
    const trailers = parseTrailers(text, this.#facts, this.#limits);
    if (trailers === undefined) {
      this.error = this.#facts.error;
      return;
    }
    this.done = true;
    if (trailers.size === 0) sink.bodyData(empty, true);
    else sink.bodyTrailers(trailers);
  }
}
