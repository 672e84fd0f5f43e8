/** Reads the protobuf wire format: tags, varints, length-delimited fields. */
export class WireReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** The next field's number and wire type. */
  tag(): { number: number; type: number } {
    const tag = Number(this.varint());
    return { number: tag >>> 3, type: tag & 7 };
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined || shift > 63n) throw new Error('truncated protobuf');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }

  /** A signed integer, as int32 and int64 fields hold it. */
  integer(): number {
    return Number(BigInt.asIntN(64, this.varint()));
  }

  bytes(): Uint8Array {
    const length = Number(this.varint());
    const start = this.#at;
    this.#at += length;
    if (this.#at > this.#bytes.length) throw new Error('truncated protobuf');
    return this.#bytes.subarray(start, this.#at);
  }

  double(): number {
    const view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset + this.#at, 8);
    this.#at += 8;
    return view.getFloat64(0, true);
  }

  skip(type: number): void {
    if (type === 0) this.varint();
    else if (type === 1) this.#at += 8;
    else if (type === 2) this.bytes();
    else if (type === 5) this.#at += 4;
    else throw new Error(`protobuf wire type ${type} is not supported`);
  }
}
