/**
 * HTTP header fields in arrival order, as one flat array `[name0, value0, name1, value1, …]`: one allocation a message, no object a
 * field. Names are lower-case; values are latin1 strings without surrounding white space. Pseudo-headers are not in here, see
 * RequestHead and ResponseHead.
 */
export class HeaderMap {
  readonly fields: string[];

  constructor(fields: string[] = []) {
    this.fields = fields;
  }

  /** The first value of `name`, or undefined. */
  get(name: string): string | undefined {
    const fields = this.fields;
    for (let i = 0; i < fields.length; i += 2) if (fields[i] === name) return fields[i + 1];
    return undefined;
  }

  /** All values of `name` joined by `,`, as Envoy matches repeated headers (CVE-2020-25017), or undefined. */
  getJoined(name: string): string | undefined {
    let joined: string | undefined;
    const fields = this.fields;
    for (let i = 0; i < fields.length; i += 2) {
      if (fields[i] === name) joined = joined === undefined ? fields[i + 1] : `${joined},${fields[i + 1]}`;
    }
    return joined;
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  /** Appends a field, keeping others of that name. */
  add(name: string, value: string): void {
    this.fields.push(name, value);
  }

  /** Replaces the first field of that name in place, drops the others, appends when there was none. */
  set(name: string, value: string): void {
    const fields = this.fields;
    for (let i = 0; i < fields.length; i += 2) {
      if (fields[i] !== name) continue;
      fields[i + 1] = value;
      this.#removeFrom(i + 2, name);
      return;
    }
    fields.push(name, value);
  }

  /** Drops every field of that name; true when there was one. */
  remove(name: string): boolean {
    return this.#removeFrom(0, name);
  }

  #removeFrom(start: number, name: string): boolean {
    const fields = this.fields;
    let write = start;
    for (let read = start; read < fields.length; read += 2) {
      if (fields[read] === name) continue;
      if (write !== read) {
        fields[write] = fields[read] as string;
        fields[write + 1] = fields[read + 1] as string;
      }
      write += 2;
    }
    if (write === fields.length) return false;
    fields.length = write;
    return true;
  }

  clone(): HeaderMap {
    return new HeaderMap(this.fields.slice());
  }

  /** Number of fields. */
  get size(): number {
    return this.fields.length / 2;
  }
}
