/**
 * What HTTP/2 has to know about a field's name, worked out once when the name is first decoded and kept with its table entry, so that
 * a request made of indexed fields is validated without looking at a character.
 */
export const FieldKind = {
  ordinary: 0,
  method: 1,
  scheme: 2,
  authority: 3,
  path: 4,
  protocol: 5,
  status: 6,
  cookie: 7,
  contentLength: 8,
  te: 9,
  host: 10,
  /** Connection-specific fields, malformed in HTTP/2 (RFC 9113 §8.2.2). */
  forbidden: 11,
  /** A name that is no lower-case token, or an unknown pseudo-header. */
  invalidName: 12,
} as const;

/** Set beside the kind when the value holds characters that such a field may not. */
export const invalidValue = 0x40;

const kinds = new Map<string, number>([
  [':method', FieldKind.method],
  [':scheme', FieldKind.scheme],
  [':authority', FieldKind.authority],
  [':path', FieldKind.path],
  [':protocol', FieldKind.protocol],
  [':status', FieldKind.status],
  ['cookie', FieldKind.cookie],
  ['content-length', FieldKind.contentLength],
  ['te', FieldKind.te],
  ['host', FieldKind.host],
  ['connection', FieldKind.forbidden],
  ['proxy-connection', FieldKind.forbidden],
  ['keep-alive', FieldKind.forbidden],
  ['transfer-encoding', FieldKind.forbidden],
  ['upgrade', FieldKind.forbidden],
  ['http2-settings', FieldKind.forbidden],
]);

/** Character classes a string can belong to as a whole, as bits; a string's classes are the AND over its characters. */
export const CharClass = {
  /** Field value: visible, obs-text, space and tab (RFC 9110 §5.5). */
  value: 1,
  /** `:path`: no space, no control character. */
  path: 2,
  /** `:authority` and `host`: host, port, brackets, percent-encoding; no userinfo. */
  authority: 4,
  /** Token (RFC 9110 §5.6.2). */
  token: 8,
  /** Lower-case token: a field name in HTTP/2. */
  name: 16,
  digits: 32,
  all: 63,
} as const;

/** Classes of each byte. */
export const charClasses = buildCharClasses();

function buildCharClasses(): Uint8Array {
  const classes = new Uint8Array(256);
  for (let code = 0; code < 256; code++) {
    const char = String.fromCharCode(code);
    let bits = 0;
    if (code === 9 || (code >= 0x20 && code !== 0x7f)) bits |= CharClass.value;
    if (code > 0x20 && code !== 0x7f) bits |= CharClass.path;
    if (/[A-Za-z0-9\-._~!$&'()*+,;=:[\]%]/.test(char)) bits |= CharClass.authority;
    if (/[A-Za-z0-9!#$%&'*+\-.^_`|~]/.test(char)) bits |= CharClass.token;
    if ((bits & CharClass.token) !== 0 && !/[A-Z]/.test(char)) bits |= CharClass.name;
    if (/[0-9]/.test(char)) bits |= CharClass.digits;
    classes[code] = bits;
  }
  return classes;
}

/** The class a value must have, by kind. */
const required = new Uint8Array(16).fill(CharClass.value);
required[FieldKind.method] = CharClass.token;
required[FieldKind.scheme] = CharClass.token;
required[FieldKind.authority] = CharClass.authority;
required[FieldKind.path] = CharClass.path;
required[FieldKind.protocol] = CharClass.token;
required[FieldKind.status] = CharClass.digits;
required[FieldKind.contentLength] = CharClass.digits;
required[FieldKind.host] = CharClass.authority;

/** The kind of a field name whose characters belong to `classes`. */
export function kindOfName(name: string, classes: number): number {
  const known = kinds.get(name);
  if (known !== undefined) return known;
  return (classes & CharClass.name) !== 0 && name !== '' ? FieldKind.ordinary : FieldKind.invalidName;
}

/** `kind`, marked when a value of these classes may not stand in such a field. */
export function kindWithValue(kind: number, valueClasses: number): number {
  return ((required[kind] as number) & valueClasses) === 0 ? kind | invalidValue : kind;
}
