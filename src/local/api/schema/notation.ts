import type { Schema, WireFields } from './schema.ts';

/**
 * Reads the type tables of `types/`. `field/N` gives the protobuf number when it is not the one after the field before (`2.1`: field 1 inside inlined message 2). One type a line: `Name: field:type field:type …`; `Name#` is replaced as a whole (atomic);
 * `...Other` takes over another type's fields. A field's type is a scalar (s string, i int32, l int64, n number, b boolean, q quantity,
 * is int-or-string, t time, mt time with microseconds, bytes, any object, json anything) or a type's name, in `[ ]` for a list and `{ }` for a map, then
 * `<A,B>` allowed values, `!` required, `^` or `*` (a pointer) kept when empty, `%` set, `#` atomic map, `~` retain keys, `@key` or `@key(k1,k2)` merged by key (patch key, list keys), `=value` default.
 */
export interface TypeTable {
  readonly package: string;
  readonly text: string;
}

interface Line {
  readonly table: TypeTable;
  readonly atomic: boolean;
  readonly fields: readonly string[];
}

interface Draft {
  readonly properties: Record<string, Schema>;
  readonly required: string[];
  readonly wire: WireNumbers;
}

/** Collects a type's protobuf numbers: each field counts on from the one before unless its number is given. */
class WireNumbers {
  readonly fields: WireFields = new Map();
  #last: number[] = [0];

  add(name: string, number: string | undefined): void {
    const path = number?.split('.').map(Number) ?? [
      ...this.#last.slice(0, -1),
      (this.#last.at(-1) as number) + 1,
    ];
    this.#last = path;
    let fields = this.fields;
    for (const step of path.slice(0, -1)) {
      const inner = fields.get(step);
      const nested: WireFields = inner instanceof Map ? inner : new Map();
      fields.set(step, nested);
      fields = nested;
    }
    fields.set(path.at(-1) as number, name);
  }

  inline(number: number, fields: WireFields): void {
    this.fields.set(number, fields);
    this.#last = [number];
  }
}

const scalars: Record<string, Schema> = {
  s: { type: 'string' },
  i: { type: 'integer', format: 'int32' },
  l: { type: 'integer', format: 'int64' },
  n: { type: 'number', format: 'double' },
  b: { type: 'boolean' },
  q: { name: 'io.k8s.apimachinery.pkg.api.resource.Quantity', type: 'string', format: 'quantity' },
  is: {
    name: 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
    type: 'string',
    format: 'int-or-string',
    intOrString: true,
  },
  t: { name: 'io.k8s.apimachinery.pkg.apis.meta.v1.Time', type: 'string', format: 'date-time' },
  mt: { name: 'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime', type: 'string', format: 'date-time' },
  bytes: { type: 'string', format: 'byte' },
  any: { type: 'object', preserveUnknown: true },
  json: { preserveUnknown: true },
  schemas: { preserveUnknown: true, format: 'schema-or-list' },
  schemaOrBool: { preserveUnknown: true, format: 'schema-or-bool' },
  StringList: { type: 'array', items: { type: 'string' } },
};

const fieldPattern =
  /^(\$?[\w-]+)(?:\/([\d.]+))?:([[{]?)(\w+)[\]}]?((?:<[^>]*>|[!^*%#~]|@\w+(?:\([\w,]+\))?)*)(?:=(.*))?$/;

/** All types of the tables, by package and name. */
export class TypeRegistry {
  readonly #lines = new Map<string, Line>();
  readonly #short = new Map<string, string>();
  readonly #types = new Map<string, Schema>();
  readonly #isKind: (fullName: string) => boolean;

  /** `isKind` says which types are API kinds: they get apiVersion, kind and metadata. */
  constructor(tables: readonly TypeTable[], isKind: (fullName: string) => boolean) {
    this.#isKind = isKind;
    for (const table of tables) {
      for (const line of table.text.trim().split('\n')) {
        const [head = '', rest = ''] = splitOnce(line, ':');
        const name = head.replace('#', '');
        const fullName = `${table.package}.${name}`;
        this.#lines.set(fullName, {
          table,
          atomic: head.endsWith('#'),
          fields: rest.trim() === '' ? [] : rest.trim().split(/\s+/),
        });
        if (!this.#short.has(name)) this.#short.set(name, fullName);
      }
    }
  }

  /** The schema of `io.k8s.api.core.v1.Pod`. Throws on a name no table has: the tables are ours. */
  get(fullName: string): Schema {
    const known = this.#types.get(fullName);
    if (known !== undefined) return known;
    const line = this.#lines.get(fullName);
    if (line === undefined) throw new Error(`no type ${fullName} in the type tables`);
    const properties: Record<string, Schema> = {};
    const required: string[] = [];
    const wire = new WireNumbers();
    const schema: Schema = {
      name: fullName,
      type: 'object',
      properties,
      required,
      wire: wire.fields,
      ...(line.atomic ? { atomicMap: true } : {}),
    };
    this.#types.set(fullName, schema);
    if (this.#isKind(fullName)) {
      properties['apiVersion'] = scalars['s'] as Schema;
      properties['kind'] = scalars['s'] as Schema;
      properties['metadata'] = this.get('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta');
      wire.fields.set(1, 'metadata');
    }
    for (const text of line.fields) this.#readField(text, line, { properties, required, wire });
    return schema;
  }

  #readField(text: string, line: Line, { properties, required, wire }: Draft): void {
    if (text.startsWith('...')) {
      const [name = '', number = '1'] = text.slice(3).split('/');
      const other = this.get(this.#resolve(name, line));
      Object.assign(properties, other.properties);
      required.push(...(other.required ?? []));
      wire.inline(Number(number), other.wire as WireFields);
      return;
    }
    const match = fieldPattern.exec(text);
    if (match === null) throw new Error(`type table ${line.table.package}: cannot read "${text}"`);
    const [, name = '', number, bracket = '', base = '', flags = '', value] = match;
    wire.add(name, number);
    if (flags.replace(/<[^>]*>/, '').includes('!')) required.push(name);
    properties[name] = fieldOf(this.#base(base, line), bracket, flags, value);
  }

  #base(name: string, line: Line): Schema {
    return scalars[name] ?? this.get(this.#resolve(name, line));
  }

  #resolve(name: string, line: Line): string {
    const near = `${line.table.package}.${name}`;
    if (this.#lines.has(near)) return near;
    const far = this.#short.get(name);
    if (far === undefined) throw new Error(`type table ${line.table.package}: no type ${name}`);
    return far;
  }
}

type Writable = { -readonly [K in keyof Schema]: Schema[K] };

function fieldOf(base: Schema, bracket: string, flags: string, value: string | undefined): Schema {
  const draft: Writable =
    bracket === '['
      ? { type: 'array', items: base }
      : bracket === '{'
        ? { type: 'object', additional: base }
        : base;
  const allowed = /<([^>]*)>/.exec(flags)?.[1];
  const marks = flags.replace(/<[^>]*>/, '');
  if (marks.replace('!', '') === '' && allowed === undefined && value === undefined) return draft;
  const schema: Writable = { ...draft };
  if (allowed !== undefined) schema.enum = allowed.split(',');
  if (/[\^*]/.test(marks)) schema.keepEmpty = true;
  if (marks.includes('%')) Object.assign(schema, { listType: 'set', patchMerge: true });
  if (marks.includes('#')) schema.atomicMap = true;
  if (marks.includes('~')) Object.assign(schema, { patchMerge: true, patchRetainKeys: true });
  const merge = /@(\w+)(?:\(([\w,]+)\))?/.exec(marks);
  if (merge !== null) {
    const key = merge[1] as string;
    Object.assign(schema, {
      patchMerge: true,
      patchMergeKey: key,
      listType: 'map',
      listMapKeys: merge[2]?.split(',') ?? [key],
    });
  }
  if (value !== undefined) schema.default = defaultValue(schema, value);
  return schema;
}

function defaultValue(schema: Schema, text: string): unknown {
  if (text.startsWith('{') || text.startsWith('"')) return JSON.parse(text);
  if (schema.type === 'integer') return Number(text);
  if (schema.type === 'boolean') return text === 'true';
  return text;
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
