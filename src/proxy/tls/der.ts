/** One element of a DER encoding: where its content lies. */
export interface DerElement {
  readonly tag: number;
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  /** Where the element itself begins, tag included. */
  readonly from: number;
}

export const DerTag = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Reads the element at `at`, or undefined when the bytes are no DER. */
export function readDer(bytes: Buffer, at: number, limit = bytes.length): DerElement | undefined {
  if (at + 2 > limit) return undefined;
  const tag = bytes[at] as number;
  let length = bytes[at + 1] as number;
  let start = at + 2;
  if (length >= 0x80) {
    const count = length & 0x7f;
    if (count === 0 || count > 4 || start + count > limit) return undefined;
    length = bytes.readUIntBE(start, count);
    start += count;
  }
  if (start + length > limit) return undefined;
  return { tag, bytes, start, end: start + length, from: at };
}

/** The elements inside a constructed one; stops at the first that is malformed. */
export function derChildren(element: DerElement): DerElement[] {
  const children: DerElement[] = [];
  for (let at = element.start; at < element.end; ) {
    const child = readDer(element.bytes, at, element.end);
    if (child === undefined) break;
    children.push(child);
    at = child.end;
  }
  return children;
}

export function derContent(element: DerElement): Buffer {
  return element.bytes.subarray(element.start, element.end);
}

/** `2.5.29.17` */
export function derOid(element: DerElement): string {
  const bytes = derContent(element);
  const first = bytes[0] ?? 0;
  const parts = [Math.min(2, Math.floor(first / 40))];
  parts.push(first - (parts[0] as number) * 40);
  let value = 0;
  for (const byte of bytes.subarray(1)) {
    value = value * 128 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    parts.push(value);
    value = 0;
  }
  return parts.join('.');
}
