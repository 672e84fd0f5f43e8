/** Writes protobuf messages field by field; enough for the few service calls filters make. */
export class ProtoWriter {
  readonly #parts: Buffer[] = [];

  #varint(value: number): void {
    const bytes: number[] = [];
    let rest = value;
    while (rest >= 0x80) {
      bytes.push((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    bytes.push(rest);
    this.#parts.push(Buffer.from(bytes));
  }

  /** A varint field; 0 is left out as proto3 does. Whole numbers from 0 only. */
  uint(field: number, value: number): this {
    if (value === 0) return this;
    this.#varint(field * 8);
    this.#varint(value);
    return this;
  }

  bytes(field: number, value: Buffer): this {
    this.#varint(field * 8 + 2);
    this.#varint(value.length);
    this.#parts.push(value);
    return this;
  }

  /** A string field, UTF-8; '' is left out. */
  string(field: number, value: string): this {
    return value === '' ? this : this.bytes(field, Buffer.from(value, 'utf8'));
  }

  double(field: number, value: number): this {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(value);
    this.#varint(field * 8 + 1);
    this.#parts.push(bytes);
    return this;
  }

  message(field: number, build: (writer: ProtoWriter) => void): this {
    const inner = new ProtoWriter();
    build(inner);
    return this.bytes(field, inner.finish());
  }

  finish(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

/** One field as it stands on the wire. */
export interface ProtoField {
  readonly field: number;
  /** Varints and fixed numbers. */
  readonly number: number;
  /** Length-delimited fields. */
  readonly bytes: Buffer;
}

const noBytes = Buffer.alloc(0);

/** The fields of a message in order. Throws on bytes that are no message. */
export function readProto(data: Buffer): ProtoField[] {
  const fields: ProtoField[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 1; ; shift *= 0x80) {
      const byte = data[at++];
      if (byte === undefined || shift > 2 ** 63) throw new Error('truncated protobuf message');
      value += (byte & 0x7f) * shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < data.length) {
    const tag = varint();
    const field = Math.floor(tag / 8);
    const wire = tag % 8;
    if (wire === 0) fields.push({ field, number: varint(), bytes: noBytes });
    else if (wire === 2) {
      const length = varint();
      if (at + length > data.length) throw new Error('truncated protobuf message');
      fields.push({ field, number: 0, bytes: data.subarray(at, at + length) });
      at += length;
    } else if (wire === 1 || wire === 5) {
      const size = wire === 1 ? 8 : 4;
      if (at + size > data.length) throw new Error('truncated protobuf message');
      fields.push({
        field,
        number: wire === 1 ? data.readDoubleLE(at) : data.readFloatLE(at),
        bytes: noBytes,
      });
      at += size;
    } else throw new Error(`unknown protobuf wire type ${wire}`);
  }
  return fields;
}

/** The bytes of the last field with that number, or undefined. */
export function fieldBytes(fields: readonly ProtoField[], field: number): Buffer | undefined {
  return fields.findLast((f) => f.field === field)?.bytes;
}

export function fieldNumber(fields: readonly ProtoField[], field: number): number {
  return fields.findLast((f) => f.field === field)?.number ?? 0;
}

export function fieldText(fields: readonly ProtoField[], field: number): string {
  return fieldBytes(fields, field)?.toString('utf8') ?? '';
}

/** google.protobuf.Struct of a JSON object, nested 50 deep at most. */
export function writeStruct(writer: ProtoWriter, value: Readonly<Record<string, unknown>>, depth = 0): void {
  if (depth > 50) return;
  for (const [key, item] of Object.entries(value))
    writer.message(1, (entry) => entry.string(1, key).message(2, (v) => writeValue(v, item, depth + 1)));
}

function writeValue(writer: ProtoWriter, value: unknown, depth: number): void {
  if (value === null || value === undefined) writer.bytes(1, noBytes);
  else if (typeof value === 'number') writer.double(2, value);
  else if (typeof value === 'string') writer.bytes(3, Buffer.from(value, 'utf8'));
  else if (typeof value === 'boolean') writer.uint(4, value ? 1 : 0);
  else if (Array.isArray(value))
    writer.message(6, (list) => {
      for (const item of value) list.message(1, (v) => writeValue(v, item, depth + 1));
    });
  else writer.message(5, (struct) => writeStruct(struct, value as Record<string, unknown>, depth + 1));
}

/** A google.protobuf.Struct as a JSON object. */
export function readStruct(data: Buffer, depth = 0): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  if (depth > 50) return result;
  for (const entry of readProto(data).filter((f) => f.field === 1)) {
    const parts = readProto(entry.bytes);
    result[fieldText(parts, 1)] = readValue(fieldBytes(parts, 2) ?? noBytes, depth + 1);
  }
  return result;
}

function readValue(data: Buffer, depth: number): unknown {
  const field = readProto(data).at(-1);
  switch (field?.field) {
    case 2:
      return field.number;
    case 3:
      return field.bytes.toString('utf8');
    case 4:
      return field.number !== 0;
    case 5:
      return readStruct(field.bytes, depth + 1);
    case 6:
      return depth > 50 ? [] : readProto(field.bytes).map((f) => readValue(f.bytes, depth + 1));
    default:
      return null;
  }
}
