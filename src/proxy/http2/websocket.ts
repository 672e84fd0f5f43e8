import { createHash, randomBytes } from 'node:crypto';
import type { HeaderMap } from '../http/header-map.ts';

/**
 * HTTP/1.1 proves with a key that a WebSocket server understood the upgrade (RFC 6455 §4.2.2); over HTTP/2 there is none (RFC 8441 §5).
 * Above the codecs an upgrade has the form of HTTP/1.1, so the HTTP/2 codecs add and take away what belongs to it.
 */
const keyField = 'sec-websocket-key';
const acceptField = 'sec-websocket-accept';
const acceptSuffix = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** An extended CONNECT as an upgrade request. */
export function addWebsocketKey(headers: HeaderMap): void {
  if (!headers.has(keyField)) headers.add(keyField, randomBytes(16).toString('base64'));
}

/** The fields of an upgrade's head without what only HTTP/1.1 has. */
export function withoutWebsocketProof(fields: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string;
    if (name !== keyField && name !== acceptField) kept.push(name, fields[i + 1] as string);
  }
  return kept;
}

/** The answer that accepts an extended CONNECT as one that accepts an upgrade to `protocol`. */
export function completeUpgradeResponse(
  headers: HeaderMap,
  protocol: string,
  requestKey: string | undefined,
): void {
  headers.set('upgrade', protocol);
  if (requestKey === undefined) return;
  headers.set(
    acceptField,
    createHash('sha1')
      .update(requestKey + acceptSuffix)
      .digest('base64'),
  );
}

export function websocketKey(headers: HeaderMap): string | undefined {
  return headers.get(keyField);
}
