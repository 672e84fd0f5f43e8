import fc from 'fast-check';
import type { Schema } from '../schema/schema.ts';

type Json = fc.Arbitrary<unknown>;

/** Values that are sound by a schema (not by the rules beyond it). */
export function arbitraryOf(schema: Schema, depth = 0): Json {
  if (schema['x-kubernetes-int-or-string']) return fc.oneof(fc.nat(), fc.constant('10%'));
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema['x-lateen-duration']) return fc.constantFrom('1s', '10ms', '1.5s', '2h45m');
  switch (schema.type) {
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return fc.integer({
        min: Math.max(schema.minimum ?? 1, 1),
        max: Math.min(schema.maximum ?? 1000, 1000),
      });
    case 'number':
      return fc.integer({ min: 1, max: 100 });
    case 'string':
      return textOf(schema);
    case 'array':
      return fc.array(arbitraryOf(schema.items as Schema, depth + 1), {
        minLength: schema.minItems ?? 0,
        maxLength: schema['x-kubernetes-list-map-keys'] ? 1 : 2,
      });
    case 'object':
      return objectOf(schema, depth);
    default:
      return fc.constantFrom<unknown>('x', 3, true, { a: [1, { b: 'c' }] });
  }
}

function textOf(schema: Schema): Json {
  if (schema.format === 'byte') return fc.constant('aGVsbG8=');
  const candidates = ['a', 'b.c', 'reviews', 'x-1', 'a'.repeat(64)];
  const fits =
    schema.pattern === undefined
      ? candidates.slice(0, 4)
      : candidates
          .filter((text) => text.length < 64 || schema.pattern?.includes('64'))
          .filter((text) => new RegExp(schema.pattern ?? '').test(text));
  return fc.constantFrom(...fits);
}

function objectOf(schema: Schema, depth: number): Json {
  if (schema.additionalProperties !== undefined)
    return fc.dictionary(
      fc.constantFrom('a', 'b', '80', 'x-y', 'constructor', 'toString'),
      arbitraryOf(schema.additionalProperties, depth + 1),
      { minKeys: schema.minProperties ?? 0, maxKeys: 2, noNullPrototype: true },
    );
  if (schema.properties === undefined) return fc.constant({ any: ['thing'] });
  const required = schema.required ?? [];
  const exclusive = (schema['x-lateen-one-of'] ?? []).flatMap((group) => group.slice(1));
  const aliases = Object.keys(schema['x-lateen-aliases'] ?? {});
  const names = Object.keys(schema.properties).filter(
    (name) => !exclusive.includes(name) && !aliases.includes(name),
  );
  // Deep down only what is required is made, so that trees stay small.
  const kept = depth > 5 ? names.filter((name) => required.includes(name)) : names;
  const fields = Object.fromEntries(
    kept.map((name) => [
      name,
      arbitraryOf((schema.properties as Record<string, Schema>)[name] as Schema, depth + 1),
    ]),
  );
  return fc.record(fields, { requiredKeys: kept.filter((name) => required.includes(name)) });
}

/** A value with one part of it replaced by something else, or removed. */
export function mutated(values: Json): Json {
  const junk = fc.oneof(
    fc.constantFrom(null, '', 'x', -1, 1e300, 2 ** 53, true, [], {}, [null], [[[]]], { __proto__: null }),
    fc.constant(JSON.parse('{"__proto__": {"polluted": 1}, "constructor": {"prototype": {}}}')),
    fc.jsonValue({ maxDepth: 2 }),
  );
  return fc.tuple(values, fc.infiniteStream(fc.nat(7)), junk).map(([value, choices, replacement]) => {
    const copy = structuredClone(value);
    let at = copy as Record<string, unknown>;
    for (const choice of choices) {
      const keys = Object.keys(at);
      const key = keys[choice % keys.length];
      if (key === undefined) return copy;
      const next = at[key];
      if (next !== null && typeof next === 'object' && choice !== 7) at = next as Record<string, unknown>;
      else {
        Object.defineProperty(at, choice === 6 ? `${key}x` : key, {
          value: replacement,
          enumerable: true,
          configurable: true,
          writable: true,
        });
        return copy;
      }
    }
    return copy;
  });
}
