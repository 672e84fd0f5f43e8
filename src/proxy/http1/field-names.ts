/** How the HTTP/1.1 parser treats a field; `plain` fields go to the header map as they are. */
export const FieldKind = {
  plain: 0,
  host: 1,
  contentLength: 2,
  transferEncoding: 3,
  connection: 4,
  upgrade: 5,
  expect: 6,
  te: 7,
  /** Hop-by-hop and meaningless further on: keep-alive, proxy-connection, http2-settings. */
  dropped: 8,
} as const;

export interface FieldName {
  /** Lower-case, interned. */
  readonly name: string;
  readonly kind: number;
}

const special: Record<string, number> = {
  host: FieldKind.host,
  'content-length': FieldKind.contentLength,
  'transfer-encoding': FieldKind.transferEncoding,
  connection: FieldKind.connection,
  upgrade: FieldKind.upgrade,
  expect: FieldKind.expect,
  te: FieldKind.te,
  'keep-alive': FieldKind.dropped,
  'proxy-connection': FieldKind.dropped,
  'http2-settings': FieldKind.dropped,
};

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Spellings seen so far. Only valid names are in here, so a hit needs no further check. Bounded, since peers choose the spellings. */
const seen = new Map<string, FieldName>();
const maxSeen = 2048;
const maxSeenLength = 64;

const common = [
  'Accept Accept-Charset Accept-Encoding Accept-Language Accept-Ranges Age Authorization Cache-Control Connection Content-Encoding',
  'Content-Language Content-Length Content-Location Content-Type Cookie Date ETag Expect Expires Grpc-Status Host If-Match If-Modified-Since',
  'If-None-Match Keep-Alive Last-Modified Link Location Origin Pragma Referer Server Set-Cookie TE Trailer Transfer-Encoding Upgrade User-Agent',
  'Vary Via X-B3-Sampled X-B3-SpanId X-B3-TraceId X-Envoy-Attempt-Count X-Envoy-Decorator-Operation X-Envoy-Upstream-Service-Time',
  'X-Forwarded-For X-Forwarded-Proto X-Forwarded-Host X-Request-Id Traceparent Tracestate',
];
for (const name of common.join(' ').split(' ')) {
  seen.set(name, { name: name.toLowerCase(), kind: special[name.toLowerCase()] ?? FieldKind.plain });
  fieldName(name.toLowerCase());
}

/** The field a spelling stands for, or undefined when it is not a token. */
export function fieldName(spelling: string): FieldName | undefined {
  return seen.get(spelling) ?? learn(spelling);
}

function learn(spelling: string): FieldName | undefined {
  if (!token.test(spelling)) return undefined;
  const lower = spelling.toLowerCase();
  const field = seen.get(lower) ?? { name: lower, kind: special[lower] ?? FieldKind.plain };
  if (seen.size < maxSeen && spelling.length <= maxSeenLength) {
    // A copy: the spelling may be a slice that would keep a whole message head alive.
    const key = Buffer.from(spelling, 'latin1').toString('latin1');
    seen.set(key, field.name === spelling ? { name: key, kind: field.kind } : field);
  }
  return field;
}
