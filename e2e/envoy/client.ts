import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Conversation } from './case-file.ts';
import { HeadParser, type Message } from './http1-message.ts';

/** What the client saw of one conversation. */
export interface Outcome {
  readonly responses: readonly Message[];
  /** The proxy closed the connection (HTTP/1.1). */
  readonly closed: boolean;
  /** Bytes that made no message. */
  readonly leftOver: string;
}

const patienceMs = 4_000;

/** Has the conversation with the proxy on `port`. */
export function converse(port: number, conversation: Conversation): Promise<Outcome> {
  return conversation.h2 ? converseHttp2(port, conversation) : converseHttp1(port, conversation);
}

function rawRequest(c: Conversation): string {
  if (c.send !== undefined) return c.send;
  const fields = Object.entries(c.headers ?? {}).flatMap(([name, value]) =>
    [value].flat().map((v) => `${name}: ${v}\r\n`),
  );
  const length = c.body === undefined ? '' : `content-length: ${Buffer.byteLength(c.body)}\r\n`;
  return `${c.method ?? 'GET'} ${c.get ?? '/'} HTTP/1.1\r\nhost: ${c.host ?? 'host.test'}\r\n${fields.join('')}${length}\r\n${c.body ?? ''}`;
}

function converseHttp1(port: number, conversation: Conversation): Promise<Outcome> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const parser = new HeadParser('response');
    const raw = rawRequest(conversation);
    for (const [, method = ''] of raw.matchAll(/(?:^|\r\n\r\n)([A-Z]+) \S+ HTTP\/1/g))
      parser.methods.push(method);
    const responses: Message[] = [];
    const wanted = conversation.responses ?? 1;
    let closed = false;
    let settled = false;
    const finish = () => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      socket.destroy();
      resolve({ responses, closed, leftOver: parser.unread });
    };
    const timer = setTimeout(finish, patienceMs);
    socket.on('data', (chunk: Buffer) => {
      responses.push(...parser.push(chunk));
      if (
        responses.filter((r) => !/^HTTP\/1\.1 1\d\d/.test(r.startLine) || r.startLine.includes(' 101 '))
          .length >= wanted
      )
        setTimeout(finish, 60);
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      closed = true;
      const last = parser.end();
      if (last !== undefined) responses.push(last);
      finish();
    });
    socket.write(Buffer.from(raw, 'latin1'));
    void (async () => {
      for (const piece of conversation.then ?? []) {
        await pause(piece.after_ms);
        if (!socket.destroyed) socket.write(Buffer.from(piece.send, 'latin1'));
      }
    })();
  });
}

function converseHttp2(port: number, c: Conversation): Promise<Outcome> {
  return new Promise((resolve) => {
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    const done = (outcome: Outcome) => {
      clearTimeout(timer);
      session.destroy();
      resolve(outcome);
    };
    const failed = (what: string): Outcome => ({ responses: [], closed: false, leftOver: what });
    const timer = setTimeout(() => done(failed('timeout')), patienceMs);
    session.on('error', (error) => done(failed(error.message)));
    const headers = Object.fromEntries(
      Object.entries(c.headers ?? {}).map(([k, v]) => [k, Array.isArray(v) ? [...v] : v]),
    ) as Record<string, string | string[]>;
    const stream = session.request(
      {
        ':method': c.method ?? 'GET',
        ':path': c.get ?? '/',
        ':authority': c.host ?? 'host.test',
        ...headers,
      },
      {
        endStream: c.body === undefined && c.trailers === undefined,
        waitForTrailers: c.trailers !== undefined,
      },
    );
    let startLine = '';
    let fields: [string, string][] = [];
    let body = '';
    let trailers: [string, string][] = [];
    const list = (h: object) =>
      Object.entries(h).flatMap(([k, v]) => [v].flat().map((x): [string, string] => [k, String(x)]));
    stream.on('wantTrailers', () => stream.sendTrailers(c.trailers ?? {}));
    stream.on('response', (h) => {
      startLine = `HTTP/2 ${h[':status']}`;
      fields = list(h).filter(([k]) => !k.startsWith(':'));
    });
    stream.on('trailers', (h) => {
      trailers = list(h);
    });
    stream.on('data', (chunk: Buffer) => {
      body += chunk.toString('latin1');
    });
    stream.on('error', () =>
      done({
        responses: [{ startLine, headers: fields, body, trailers }],
        closed: false,
        leftOver: `reset ${stream.rstCode}`,
      }),
    );
    stream.on('end', () =>
      setTimeout(
        () =>
          done({ responses: [{ startLine, headers: fields, body, trailers }], closed: false, leftOver: '' }),
        20,
      ),
    );
    if (c.body !== undefined || c.trailers !== undefined) stream.end(c.body ?? '');
  });
}
