/**
 * What proxies of a mesh tell each other in `x-envoy-peer-metadata`: a google.protobuf.Struct, base64, as Istio's proxies write and read it.
 * Only strings and nested structs are needed.
 */
export interface PeerStruct {
  readonly [key: string]: string | PeerStruct;
}

const maxBytes = 16 * 1024;
const maxDepth = 4;

export function encodePeer(struct: PeerStruct): string {
  return encodeStruct(struct).toString('base64');
}

/** The struct of a header value, or undefined when it makes no sense: it comes from the network. */
export function decodePeer(value: string): PeerStruct | undefined {
  if (value.length > maxBytes) return undefined;
  return decodeStruct(Buffer.from(value, 'base64'), 0);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest & 127) | 128);
    rest >>>= 7;
  }
  bytes.push(rest);
  return bytes;
}

function field(tag: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([tag, ...varint(content.length)]), content]);
}

/** Length-delimited fields: Struct.fields = 1, entry key = 1, entry value = 2, Value.string_value = 3, Value.struct_value = 5. */
const tags = { first: 0x0a, second: 0x12, stringValue: 0x1a, structValue: 0x2a };

function encodeStruct(struct: PeerStruct): Buffer {
  const entries = Object.entries(struct).map(([key, value]) => {
    const content =
      typeof value === 'string'
        ? field(tags.stringValue, Buffer.from(value, 'utf8'))
        : field(tags.structValue, encodeStruct(value));
    return field(
      tags.first,
      Buffer.concat([field(tags.first, Buffer.from(key, 'utf8')), field(tags.second, content)]),
    );
  });
  return Buffer.concat(entries);
}

/** The length-delimited fields of a message; undefined when it is malformed. Other wire types are skipped. */
function fieldsOf(bytes: Buffer): [tag: number, content: Buffer][] | undefined {
  const found: [number, Buffer][] = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at++] as number;
    const wire = tag & 7;
    if (wire === 1 || wire === 5) {
      at += wire === 1 ? 8 : 4;
      if (at > bytes.length) return undefined;
      continue;
    }
    if (wire !== 0 && wire !== 2) return undefined;
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      if (at >= bytes.length || shift > 21) return undefined;
      const byte = bytes[at++] as number;
      length |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    if (wire === 0) continue;
    if (at + length > bytes.length) return undefined;
    found.push([tag, bytes.subarray(at, at + length)]);
    at += length;
  }
  return found;
}

function decodeStruct(bytes: Buffer, depth: number): PeerStruct | undefined {
  const fields = depth > maxDepth ? undefined : fieldsOf(bytes);
  if (fields === undefined) return undefined;
  const result: Record<string, string | PeerStruct> = Object.create(null);
  for (const [tag, entry] of fields) {
    if (tag !== tags.first) continue;
    const parts = fieldsOf(entry);
    const key = parts?.find(([t]) => t === tags.first)?.[1];
    const value = parts?.find(([t]) => t === tags.second)?.[1];
    if (key === undefined || value === undefined) return undefined;
    const decoded = decodeValue(value, depth);
    if (decoded !== undefined) result[key.toString('utf8')] = decoded;
  }
  return result;
}

function decodeValue(bytes: Buffer, depth: number): string | PeerStruct | undefined {
  const [first] = fieldsOf(bytes) ?? [];
  if (first === undefined) return undefined;
  const [tag, content] = first;
  if (tag === tags.stringValue) return content.toString('utf8');
  return tag === tags.structValue ? decodeStruct(content, depth + 1) : undefined;
}
