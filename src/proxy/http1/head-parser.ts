import { HeaderMap } from '../http/header-map.ts';
import type { HttpVersion, RequestHead, ResponseHead } from '../http/stream.ts';
import { FieldKind, fieldName } from './field-names.ts';

/**
 * Parses HTTP/1.x message heads from one latin1 string, strictly by RFC 9112: anything two parsers could read in two ways is refused, because
 * that is what request smuggling lives on. Bare CR or LF, obs-fold, white space before the colon, control bytes, doubled or
 * malformed Content-Length, any Transfer-Encoding but a single `chunked`, and both together are errors.
 */
export interface HeadLimits {
  /** Most fields of a head. */
  readonly maxFields: number;
  /** Take methods nobody registered. */
  readonly allowCustomMethods?: boolean;
}

/** What a head says about its message beyond the fields; one object a codec, overwritten by each parse. */
export class HeadFacts {
  /** '' when the head is good, else what is wrong, in Envoy's words where it has some. */
  error = '';
  /** Status to answer an error with. */
  status = 400;
  /** -1 when absent. */
  contentLength = -1;
  chunked = false;
  close = false;
  keepAlive = false;
  /** The `connection` header had the option `upgrade`. */
  connectionUpgrade = false;
  /** Lower-case `upgrade` field, '' when absent. */
  upgrade = '';
  expectContinue = false;
  host: string | undefined = undefined;
  /** Names the connection header listed, lower-case. */
  nominated: string[] | undefined = undefined;

  reset(): void {
    this.error = '';
    this.status = 400;
    this.contentLength = -1;
    this.chunked = false;
    this.close = false;
    this.keepAlive = false;
    this.connectionUpgrade = false;
    this.upgrade = '';
    this.expectContinue = false;
    this.host = undefined;
    this.nominated = undefined;
  }

  fail(error: string, status = 400): false {
    this.error = error;
    this.status = status;
    return false;
  }
}

/** Control bytes, and line feeds without a CR: one look over the whole head. Bare CRs are found line by line. */
const controlBytes = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|[^\r]\n/;
const methodToken = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}$/;
const targetBytes = /^[!-"$-~]+$/;
const hostBytes = /^(?:\[[0-9A-Fa-f:.]+(?:%[0-9A-Za-z.]+)?\]|[A-Za-z0-9\-._~!$&'()*+;=%]+)(?::[0-9]{0,5})?$/;
const digits = /^[0-9]{1,15}$/;
/** Methods taken without `allow_custom_methods`: those Envoy knows. */
const knownMethods = new Set(
  (
    'GET POST PUT DELETE HEAD OPTIONS PATCH CONNECT TRACE COPY LOCK MKCOL MOVE PROPFIND PROPPATCH SEARCH UNLOCK BIND REBIND UNBIND ACL ' +
    'REPORT MKACTIVITY CHECKOUT MERGE M-SEARCH NOTIFY SUBSCRIBE UNSUBSCRIBE PURGE MKCALENDAR LINK UNLINK SOURCE'
  ).split(' '),
);

/**
 * The request in `text` (request line to the last field's CRLF, without the empty line), or undefined with `facts.error` set. `scheme` is what the connection says.
 */
export function parseRequestHead(
  text: string,
  facts: HeadFacts,
  limits: HeadLimits,
  scheme: string,
): RequestHead | undefined {
  facts.reset();
  const lineEnd = text.indexOf('\r\n');
  const methodEnd = text.indexOf(' ');
  if (methodEnd <= 0 || methodEnd > lineEnd) return failed(facts, 'http1.invalid_request_line');
  const targetEnd = text.indexOf(' ', methodEnd + 1);
  if (targetEnd < 0 || targetEnd > lineEnd) return failed(facts, 'http1.invalid_request_line');
  const version = requestVersion(text, targetEnd + 1, lineEnd, facts);
  if (version === 0) return undefined;
  const method = text.slice(0, methodEnd);
  if (!knownMethods.has(method) && !(limits.allowCustomMethods === true && methodToken.test(method)))
    return failed(facts, 'http1.invalid_method');
  const fields: string[] = [];
  if (controlBytes.test(text)) return failed(facts, 'http1.invalid_characters');
  if (!parseFields(text, lineEnd + 2, fields, facts, limits)) return undefined;
  const target = text.slice(methodEnd + 1, targetEnd);
  const head: RequestHead = {
    method,
    scheme,
    authority: facts.host ?? '',
    path: target,
    protocol: undefined,
    headers: new HeaderMap(fields),
    httpVersion: version,
  };
  if (!placeTarget(head, target, facts) || !checkHost(head, facts) || !checkFraming(facts, version))
    return undefined;
  if (facts.upgrade !== '' && facts.connectionUpgrade && version === 11 && facts.upgrade !== 'h2c') {
    head.protocol = facts.upgrade;
  }
  if (facts.nominated !== undefined) dropNominated(head.headers, facts.nominated);
  return head;
}

function failed(facts: HeadFacts, error: string, status = 400): undefined {
  facts.fail(error, status);
  return undefined;
}

function requestVersion(text: string, at: number, lineEnd: number, facts: HeadFacts): HttpVersion | 0 {
  if (lineEnd - at === 8 && text.startsWith('HTTP/1.', at)) {
    const minor = text.charCodeAt(at + 7);
    if (minor === 49) return 11;
    if (minor === 48) return 10;
  }
  if (/^HTTP\/[0-9]\.[0-9]$/.test(text.slice(at, lineEnd))) facts.fail('http1.unsupported_version', 505);
  else facts.fail('http1.invalid_request_line');
  return 0;
}

/** Sorts out the four forms of a request target (RFC 9112 3.2). */
function placeTarget(head: RequestHead, target: string, facts: HeadFacts): boolean {
  if (!targetBytes.test(target)) return facts.fail('http1.invalid_url');
  if (head.method === 'CONNECT') {
    if (!hostBytes.test(target) || !/:[0-9]{1,5}$/.test(target)) return facts.fail('http1.invalid_url');
    head.authority = target;
    head.path = '';
    facts.host = target;
    return true;
  }
  if (target.charCodeAt(0) === 47) return true;
  if (target === '*') return head.method === 'OPTIONS' || facts.fail('http1.invalid_url');
  const absolute = /^(https?):\/\/([^/?]*)(.*)$/i.exec(target);
  if (absolute === null) return facts.fail('http1.invalid_url');
  const rest = absolute[3] as string;
  // The target's authority replaces Host (RFC 9112 3.2.2); Host itself must still be there and well-formed.
  head.authority = absolute[2] as string;
  head.path = rest.startsWith('/') ? rest : `/${rest}`;
  if (rest === '' && head.method === 'OPTIONS') head.path = '*';
  return hostBytes.test(head.authority) || facts.fail('http1.invalid_url');
}

function checkHost(head: RequestHead, facts: HeadFacts): boolean {
  if (facts.host === undefined) return head.httpVersion === 10 || facts.fail('http1.missing_host');
  if (facts.host.length > 1024 || !hostBytes.test(facts.host)) return facts.fail('http1.invalid_host');
  return true;
}

function checkFraming(facts: HeadFacts, version: HttpVersion): boolean {
  if (!facts.chunked) return true;
  if (facts.contentLength >= 0) return facts.fail('http1.content_length_and_chunked_not_allowed');
  return version === 11 || facts.fail('http1.transfer_encoding_in_http_1_0');
}

const protectedFields = new Set([
  'content-length',
  'host',
  'cookie',
  'authorization',
  'x-forwarded-proto',
  'te',
]);

/** Fields the connection header names are for this hop only (RFC 9110 7.6.1), save those a peer could only mean as an attack. */
function dropNominated(headers: HeaderMap, nominated: readonly string[]): void {
  for (const name of nominated) if (!protectedFields.has(name)) headers.remove(name);
}

/** The response in `text`, or undefined with `facts.error` set. */
export function parseResponseHead(
  text: string,
  facts: HeadFacts,
  limits: HeadLimits,
): ResponseHead | undefined {
  facts.reset();
  const lineEnd = text.indexOf('\r\n');
  const minor = text.charCodeAt(7);
  if (!text.startsWith('HTTP/1.') || (minor !== 48 && minor !== 49) || text.charCodeAt(8) !== 32)
    return failed(facts, 'http1.invalid_status_line');
  const status = statusCode(text, lineEnd);
  if (status === 0 || text.indexOf('\n') !== lineEnd + 1 || controlBytes.test(text))
    return failed(facts, 'http1.invalid_status_line');
  const fields: string[] = [];
  if (!parseFields(text, lineEnd + 2, fields, facts, limits)) return undefined;
  if (facts.host !== undefined) fields.push('host', facts.host);
  const version: HttpVersion = minor === 49 ? 11 : 10;
  if (facts.chunked && facts.contentLength >= 0) return failed(facts, 'http1.content_length_and_chunked');
  const head: ResponseHead = { status, headers: new HeaderMap(fields), httpVersion: version };
  if (status === 101 && facts.upgrade !== '') fields.push('upgrade', facts.upgrade);
  if (facts.nominated !== undefined) dropNominated(head.headers, facts.nominated);
  return head;
}

function statusCode(text: string, lineEnd: number): number {
  const a = text.charCodeAt(9) - 48;
  const b = text.charCodeAt(10) - 48;
  const c = text.charCodeAt(11) - 48;
  if (lineEnd < 12 || a < 1 || a > 9 || b < 0 || b > 9 || c < 0 || c > 9) return 0;
  if (lineEnd > 12 && text.charCodeAt(12) !== 32) return 0;
  return a * 100 + b * 10 + c;
}

/** Trailer fields of a chunked message; framing, routing and hop-by-hop fields are left out (RFC 9110 6.5.1). */
export function parseTrailers(text: string, facts: HeadFacts, limits: HeadLimits): HeaderMap | undefined {
  facts.reset();
  const fields: string[] = [];
  if (controlBytes.test(text)) return failed(facts, 'http1.invalid_characters');
  if (!parseFields(text, 0, fields, facts, limits)) return undefined;
  const trailers = new HeaderMap(fields);
  for (const name of [
    'content-length',
    'authorization',
    'cookie',
    'set-cookie',
    'content-encoding',
    'content-type',
    'trailer',
  ]) {
    trailers.remove(name);
  }
  return trailers;
}

function parseFields(
  text: string,
  start: number,
  fields: string[],
  facts: HeadFacts,
  limits: HeadLimits,
): boolean {
  let count = 0;
  const length = text.length;
  for (let at = start; at < length; ) {
    const end = text.indexOf('\r', at);
    if (end < 0 || text.charCodeAt(end + 1) !== 10) return facts.fail('http1.bare_cr_or_lf');
    const colon = text.indexOf(':', at);
    if (colon <= at || colon > end) return facts.fail('http1.invalid_header_field');
    const field = fieldName(text.slice(at, colon));
    if (field === undefined) return facts.fail('http1.invalid_header_name');
    if (++count > limits.maxFields) return facts.fail('http1.too_many_headers', 431);
    let from = colon + 1;
    let to = end;
    while (from < to && isBlank(text.charCodeAt(from))) from++;
    while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
    const value = text.slice(from, to);
    if (field.kind === FieldKind.plain) fields.push(field.name, value);
    else if (!specialField(field.kind, field.name, value, fields, facts)) return false;
    at = end + 2;
  }
  return true;
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}

function specialField(
  kind: number,
  name: string,
  value: string,
  fields: string[],
  facts: HeadFacts,
): boolean {
  switch (kind) {
    case FieldKind.host:
      if (facts.host !== undefined) return facts.fail('http1.duplicate_host');
      facts.host = value;
      return true;
    case FieldKind.contentLength:
      if (facts.contentLength >= 0 || !digits.test(value)) return facts.fail('http1.invalid_content_length');
      facts.contentLength = Number(value);
      fields.push(name, value);
      return true;
    case FieldKind.transferEncoding:
      if (facts.chunked || value.toLowerCase() !== 'chunked')
        return facts.fail('http1.invalid_transfer_encoding');
      facts.chunked = true;
      return true;
    case FieldKind.connection:
      connectionOptions(value, facts);
      return true;
    case FieldKind.upgrade:
      facts.upgrade = facts.upgrade === '' ? value.toLowerCase() : `${facts.upgrade},${value.toLowerCase()}`;
      return true;
    case FieldKind.expect:
      if (value.toLowerCase() === '100-continue') facts.expectContinue = true;
      fields.push(name, value);
      return true;
    case FieldKind.te:
      if (/(?:^|,)\s*trailers\s*(?:$|,|;)/i.test(value)) fields.push(name, 'trailers');
      return true;
    default:
      return true;
  }
}

function connectionOptions(value: string, facts: HeadFacts): void {
  if (value === 'keep-alive' || value === 'Keep-Alive') {
    facts.keepAlive = true;
    return;
  }
  for (const part of value.split(',')) {
    const option = part.trim().toLowerCase();
    if (option === '') continue;
    if (option === 'close') facts.close = true;
    else if (option === 'keep-alive') facts.keepAlive = true;
    else if (option === 'upgrade') facts.connectionUpgrade = true;
    else {
      facts.nominated ??= [];
      facts.nominated.push(option);
    }
  }
}
