import type { Schema } from './schema.ts';

/**
 * Reads the type tables of `types/`. One type a line: `Name: field:type field:type …`; `Name#` is replaced as a whole (atomic);
 * `...Other` takes over another type's fields. A field's type is a scalar (s string, i int32, l int64, n number, b boolean, q quantity,
 * is int-or-string, t time, mt time with microseconds, bytes, any object, json anything) or a type's name, in `[ ]` for a list and `{ }` for a map, then
 * `<A,B>` allowed values, `!` required, `^` kept when empty, `%` set, `#` atomic map, `~` retain keys, `@key` or `@key(k1,k2)` merged by key (patch key, list keys), `=value` default.
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
  StringList: { type: 'array', items: { type: 'string' } },
};

const fieldPattern = /^(\$?[\w-]+):([[{]?)(\w+)[\]}]?((?:<[^>]*>|[!^%#~]|@\w+(?:\([\w,]+\))?)*)(?:=(.*))?$/;

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
    const schema: Schema = {
      name: fullName,
      type: 'object',
      properties,
      required,
      ...(line.atomic ? { atomicMap: true } : {}),
    };
    this.#types.set(fullName, schema);
    if (this.#isKind(fullName)) {
      properties['apiVersion'] = scalars['s'] as Schema;
      properties['kind'] = scalars['s'] as Schema;
      properties['metadata'] = this.get('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta');
    }
    for (const text of line.fields) this.#readField(text, line, properties, required);
    return schema;
  }

  #readField(text: string, line: Line, properties: Record<string, Schema>, required: string[]): void {
    if (text.startsWith('...')) {
      const other = this.get(this.#resolve(text.slice(3), line));
      Object.assign(properties, other.properties);
      required.push(...(other.required ?? []));
      return;
    }
    const match = fieldPattern.exec(text);
    if (match === null) throw new Error(`type table ${line.table.package}: cannot read "${text}"`);
    const [, name = '', bracket = '', base = '', flags = '', value] = match;
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

type Draft = { -readonly [K in keyof Schema]: Schema[K] };

function fieldOf(base: Schema, bracket: string, flags: string, value: string | undefined): Schema {
  const draft: Draft =
    bracket === '['
      ? { type: 'array', items: base }
      : bracket === '{'
        ? { type: 'object', additional: base }
        : base;
  const allowed = /<([^>]*)>/.exec(flags)?.[1];
  const marks = flags.replace(/<[^>]*>/, '');
  if (marks.replace('!', '') === '' && allowed === undefined && value === undefined) return draft;
  const schema: Draft = { ...draft };
  if (allowed !== undefined) schema.enum = allowed.split(',');
  if (marks.includes('^')) schema.keepEmpty = true;
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
