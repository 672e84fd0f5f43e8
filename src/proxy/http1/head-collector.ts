/** What `HeadCollector.add` found. */
export const HeadState = { incomplete: 0, complete: 1, tooLarge: 2, malformed: 3 } as const;

const headEnd = '\r\n\r\n';
const firstLook = 2048;
const badBytes = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|[^\r]\n/;

/**
 * Finds a message head in what was read, most often in one piece. Each byte is searched once however slowly it arrives, and bytes that can
 * never become a head (TLS, HTTP/2, bare line feeds) are refused before the head is complete.
 */
export class HeadCollector {
  /** The head up to and with its last field's CRLF, when complete. */
  text = '';
  /** Where the body starts in the last chunk given. */
  bodyAt = 0;
  #held = '';

  get started(): boolean {
    return this.#held !== '';
  }

  add(chunk: Buffer, at: number, maxBytes: number): number {
    if (this.#held !== '') return this.#append(chunk, at, maxBytes);
    const length = chunk.length - at;
    let text = chunk.latin1Slice(at, length > firstLook ? at + firstLook : chunk.length);
    let end = text.indexOf(headEnd);
    if (end < 0 && length > firstLook) {
      text = chunk.latin1Slice(at, Math.min(chunk.length, at + maxBytes + 4));
      end = text.indexOf(headEnd, firstLook - 3);
    }
    if (end < 0) return this.#hold(text, maxBytes);
    if (end > maxBytes) return HeadState.tooLarge;
    this.text = text.slice(0, end + 2);
    this.bodyAt = at + end + 4;
    return HeadState.complete;
  }

  #append(chunk: Buffer, at: number, maxBytes: number): number {
    const before = this.#held.length;
    const text = this.#held + chunk.latin1Slice(at, Math.min(chunk.length, at + maxBytes + 4 - before));
    const end = text.indexOf(headEnd, Math.max(0, before - 3));
    if (end < 0) return this.#hold(text, maxBytes);
    if (end > maxBytes) return HeadState.tooLarge;
    this.#held = '';
    this.text = text.slice(0, end + 2);
    this.bodyAt = at + end + 4 - before;
    return HeadState.complete;
  }

  #hold(text: string, maxBytes: number): number {
    if (text.length > maxBytes) return HeadState.tooLarge;
    const fresh = text.slice(Math.max(0, this.#held.length - 1));
    this.#held = text;
    return badBytes.test(fresh) ? HeadState.malformed : HeadState.incomplete;
  }
}
