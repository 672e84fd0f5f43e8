/** A complete HTTP/1.1 message as it came over the wire. */
export interface Message {
  readonly startLine: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  readonly trailers: readonly (readonly [string, string])[];
}

/** A lenient parser for test peers: it splits bytes into messages and judges nothing. */
export class HeadParser {
  readonly #kind: 'request' | 'response';
  /** Methods of the requests that were sent, for responses without body. */
  readonly methods: string[] = [];
  #rest = '';

  constructor(kind: 'request' | 'response') {
    this.#kind = kind;
  }

  push(chunk: Buffer): Message[] {
    this.#rest += chunk.toString('latin1');
    const messages: Message[] = [];
    for (;;) {
      const message = this.#next(false);
      if (message === undefined) return messages;
      messages.push(message);
    }
  }

  /** What is left when the peer closed: a body that ends with the connection, or undefined. */
  end(): Message | undefined {
    return this.#rest === '' ? undefined : this.#next(true);
  }

  get unread(): string {
    return this.#rest;
  }

  #next(closed: boolean): Message | undefined {
    const headEnd = this.#rest.indexOf('\r\n\r\n');
    if (headEnd < 0) return undefined;
    const [startLine = '', ...lines] = this.#rest.slice(0, headEnd).split('\r\n');
    const headers = fields(lines);
    const get = (name: string) => headers.find(([n]) => n.toLowerCase() === name)?.[1];
    const start = headEnd + 4;
    const status = Number(startLine.split(' ')[1]);
    const bodiless =
      this.#kind === 'response' &&
      (status < 200 || status === 204 || status === 304 || this.methods[0] === 'HEAD');
    let body = '';
    let trailers: [string, string][] = [];
    let end = start;
    if (!bodiless && /chunked/i.test(get('transfer-encoding') ?? '')) {
      const decoded = unchunk(this.#rest, start);
      if (decoded === undefined) return undefined;
      ({ body, trailers, end } = decoded);
    } else if (!bodiless && get('content-length') !== undefined) {
      end = start + Number(get('content-length'));
      if (this.#rest.length < end)
        return closed
          ? this.#take(this.#rest.length, startLine, headers, this.#rest.slice(start), [])
          : undefined;
      body = this.#rest.slice(start, end);
    } else if (!bodiless && this.#kind === 'response') {
      if (!closed) return undefined;
      end = this.#rest.length;
      body = this.#rest.slice(start);
    }
    if (this.#kind === 'response' && status >= 200) this.methods.shift();
    return this.#take(end, startLine, headers, body, trailers);
  }

  #take(
    end: number,
    startLine: string,
    headers: [string, string][],
    body: string,
    trailers: [string, string][],
  ): Message {
    this.#rest = this.#rest.slice(end);
    return { startLine, headers, body, trailers };
  }
}

function fields(lines: readonly string[]): [string, string][] {
  return lines.map((line) => {
    const colon = line.indexOf(':');
    return colon < 0 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
}

function unchunk(
  text: string,
  start: number,
): { body: string; trailers: [string, string][]; end: number } | undefined {
  let body = '';
  for (let at = start; ; ) {
    const lineEnd = text.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(text.slice(at, lineEnd), 16);
    if (Number.isNaN(size)) return { body, trailers: [], end: text.length };
    if (size === 0) {
      if (text.startsWith('\r\n', lineEnd + 2)) return { body, trailers: [], end: lineEnd + 4 };
      const end = text.indexOf('\r\n\r\n', lineEnd + 2);
      if (end < 0) return undefined;
      return { body, trailers: fields(text.slice(lineEnd + 2, end).split('\r\n')), end: end + 4 };
    }
    if (text.length < lineEnd + 2 + size + 2) return undefined;
    body += text.slice(lineEnd + 2, lineEnd + 2 + size);
    at = lineEnd + 2 + size + 2;
  }
}
