import type { HeaderMap } from '../http/header-map.ts';

/** What a head's fields say about framing, found while they are written. */
export class WrittenFraming {
  /** The text of content-length, -1 when absent. */
  contentLength = -1;
  close = false;
}

const unsafe = /[\0\r\n]|[^\0-\xff]/;

/** Writes `name: value\r\n` for each field, leaving out what the codec itself decides. Values with CR, LF or NUL never reach the wire. */
export function fieldsText(headers: HeaderMap, framing: WrittenFraming): string {
  const fields = headers.fields;
  let text = '';
  framing.contentLength = -1;
  framing.close = false;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string;
    const value = fields[i + 1] as string;
    if (name === 'content-length') framing.contentLength = Number(value);
    else if (name === 'connection') {
      if (value === 'close') framing.close = true;
      continue;
    } else if (name === 'transfer-encoding') continue;
    text += name + ': ' + value + '\r\n';
  }
  return text;
}

/** Whether a head's text can be written: its only CRs and LFs are the line ends the writer put there, and it is latin1. */
export function isSafeField(name: string, value: string): boolean {
  return !unsafe.test(value) && !unsafe.test(name);
}

/** Frames one chunk (RFC 9112 7.1); the data and the closing CRLF follow it. */
export function chunkHead(length: number): string {
  return length.toString(16) + '\r\n';
}

export function trailersText(trailers: HeaderMap): string {
  const fields = trailers.fields;
  let text = '0\r\n';
  for (let i = 0; i < fields.length; i += 2) text += fields[i] + ': ' + fields[i + 1] + '\r\n';
  return text + '\r\n';
}
