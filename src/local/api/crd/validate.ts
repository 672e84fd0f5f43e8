import { compileRegex } from '../../../base/regex.ts';
import {
  duplicate,
  type FieldError,
  invalid,
  notSupported,
  required,
  tooMany,
  typeInvalid,
} from '../field-error.ts';
import type { ApiObject, Fields } from '../object.ts';
import { equalJson } from '../schema/json-value.ts';
import { parseQuantity } from '../schema/quantity.ts';
import { fieldSchema, type Schema, type SchemaRules } from '../schema/schema.ts';
import { checkCelRules, usesCel } from './cel-rules.ts';
import { formatFault } from './formats.ts';

/** Validates a custom resource by its schema, CEL rules included. Faults that `old` already had in an unchanged field are let through (ratcheting). */
export function validateCustom(
  schema: Schema,
  object: Readonly<ApiObject>,
  old: Readonly<ApiObject> | undefined,
  errors: FieldError[],
): void {
  const before = errors.length;
  const { metadata: _metadata, ...rest } = object as unknown as Fields;
  validateValue(schema, rest, '', (old as unknown as Fields) ?? undefined, errors);
  if (!errors.slice(before).some(({ reason }) => blockingReasons.has(reason))) {
    checkCelRules(schema, object, old, errors);
  } else if (usesCel(schema)) errors.push(uncheckedRules);
}

/** Faults that leave the object in no shape for rules to look at. */
const blockingReasons = new Set([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
]);

const uncheckedRules: FieldError = {
  reason: 'FieldValueInvalid',
  field: '<nil>',
  message:
    'Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
};

/** Checks a value against a schema; nothing below a value equal to its old one is looked at. */
export function validateValue(
  schema: Schema,
  value: unknown,
  path: string,
  old: unknown,
  errors: FieldError[],
): void {
  if (old !== undefined && equalJson(value, old)) return;
  if (value === null) {
    if (!schema.nullable && schema.type !== undefined) {
      errors.push(
        typeInvalid(shown(path), 'null', `${shown(path)} in body must be of type ${schema.type}: "null"`),
      );
    }
    return;
  }
  const fault = typeFault(schema, value, path);
  if (fault !== undefined) {
    errors.push(fault);
    return;
  }
  if (schema.enum !== undefined && !schema.enum.some((one) => equalJson(one, value))) {
    errors.push(notSupported(shown(path), value, schema.enum));
  }
  if (schema.rules !== undefined) checkRules(schema.rules, value, path, errors);
  if (typeof value === 'string') checkFormat(schema, value, path, errors);
  else if (typeof value === 'number') checkNumberFormat(schema, value, path, errors);
  else if (Array.isArray(value)) validateList(schema, value, path, old, errors);
  else if (typeof value === 'object') validateObject(schema, value as Fields, path, old, errors);
}

function shown(path: string): string {
  return path === '' ? '<nil>' : path;
}

function jsonType(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function typeFault(schema: Schema, value: unknown, path: string): FieldError | undefined {
  const found = jsonType(value);
  if (schema.intOrString) {
    if (found === 'integer' || found === 'string') return undefined;
    return typeInvalid(
      shown(path),
      found,
      `${shown(path)} in body must be of type integer,string: ${JSON.stringify(found)}`,
    );
  }
  const wanted = schema.type;
  if (wanted === undefined || found === wanted || (wanted === 'number' && found === 'integer'))
    return undefined;
  return typeInvalid(
    shown(path),
    found,
    `${shown(path)} in body must be of type ${wanted}: ${JSON.stringify(found)}`,
  );
}

function validateList(
  schema: Schema,
  list: readonly unknown[],
  path: string,
  old: unknown,
  errors: FieldError[],
): void {
  const { items } = schema;
  const keysOf = (item: unknown) =>
    schema.listType === 'set'
      ? JSON.stringify(item)
      : JSON.stringify((schema.listMapKeys ?? []).map((key) => (item as Fields)?.[key]));
  const keyed = schema.listType === 'map' || schema.listType === 'set';
  const oldItems = new Map(keyed && Array.isArray(old) ? old.map((item) => [keysOf(item), item]) : []);
  const seen = new Set<string>();
  list.forEach((item, i) => {
    const at = `${path}[${i}]`;
    if (keyed) {
      const key = keysOf(item);
      if (seen.has(key))
        errors.push(duplicate(at, schema.listType === 'set' ? item : pick(item, schema.listMapKeys)));
      seen.add(key);
    }
    if (items !== undefined)
      validateValue(items, item, at, keyed ? oldItems.get(keysOf(item)) : undefined, errors);
  });
}

function pick(item: unknown, keys: readonly string[] = []): Fields {
  return Object.fromEntries(keys.map((key) => [key, (item as Fields)[key]]));
}

function validateObject(
  schema: Schema,
  object: Fields,
  path: string,
  old: unknown,
  errors: FieldError[],
): void {
  for (const field of schema.required ?? []) {
    if (object[field] === undefined) errors.push(required(path === '' ? field : `${path}.${field}`));
  }
  const oldObject = old !== null && typeof old === 'object' ? (old as Fields) : undefined;
  for (const [key, item] of Object.entries(object)) {
    const inner = fieldSchema(schema, key);
    if (inner === undefined) continue;
    validateValue(inner, item, path === '' ? key : `${path}.${key}`, oldObject?.[key], errors);
  }
}

const maxInt32 = 2 ** 31 - 1;

function checkNumberFormat(schema: Schema, value: number, path: string, errors: FieldError[]): void {
  if (schema.format === 'int32' && (value > maxInt32 || value < -maxInt32 - 1))
    errors.push(invalid('<nil>', '', `Checked value must be of type integer with format int32 in ${path}`));
}

function checkFormat(schema: Schema, value: string, path: string, errors: FieldError[]): void {
  if (schema.format === undefined) return;
  const fault =
    schema.format === 'quantity' ? parseQuantity(value) === undefined : formatFault(schema.format, value);
  if (fault)
    errors.push(
      invalid(path, value, `${path} in body must be of type ${schema.format}: ${JSON.stringify(value)}`),
    );
}

function checkRules(rules: SchemaRules, value: unknown, path: string, errors: FieldError[]): void {
  if (typeof value === 'number') checkNumber(rules, value, path, errors);
  else if (typeof value === 'string') checkString(rules, value, path, errors);
  else if (Array.isArray(value)) checkSize(rules, value, path, errors);
  else if (typeof value === 'object') checkMembers(rules, value as Fields, path, errors);
  checkCombinations(rules, value, path, errors);
}

function checkNumber(rules: SchemaRules, value: number, path: string, errors: FieldError[]): void {
  const { minimum, maximum, multipleOf } = rules;
  const fail = (text: string) => errors.push(invalid(path, value, `${path} in body should be ${text}`));
  if (minimum !== undefined && (rules.exclusiveMinimum ? value <= minimum : value < minimum)) {
    fail(rules.exclusiveMinimum ? `greater than ${minimum}` : `greater than or equal to ${minimum}`);
  }
  if (maximum !== undefined && (rules.exclusiveMaximum ? value >= maximum : value > maximum)) {
    fail(rules.exclusiveMaximum ? `less than ${maximum}` : `less than or equal to ${maximum}`);
  }
  if (multipleOf !== undefined && !Number.isInteger(value / multipleOf)) fail(`a multiple of ${multipleOf}`);
}

function checkString(rules: SchemaRules, value: string, path: string, errors: FieldError[]): void {
  const length = [...value].length;
  if (rules.minLength !== undefined && length < rules.minLength) {
    errors.push(invalid(path, value, `${path} in body should be at least ${rules.minLength} chars long`));
  }
  if (rules.maxLength !== undefined && length > rules.maxLength) {
    errors.push({
      reason: 'FieldValueTooLong',
      field: path,
      message: `Too long: may not be more than ${rules.maxLength} bytes`,
    });
  }
  if (rules.pattern === undefined) return;
  const regex = compileRegex(rules.pattern);
  if (typeof regex === 'string' || !regex.contains(value)) {
    errors.push(invalid(path, value, `${path} in body should match '${rules.pattern}'`));
  }
}

function checkSize(rules: SchemaRules, value: readonly unknown[], path: string, errors: FieldError[]): void {
  if (rules.minItems !== undefined && value.length < rules.minItems) {
    errors.push(invalid(path, value.length, `${path} in body should have at least ${rules.minItems} items`));
  }
  if (rules.maxItems !== undefined && value.length > rules.maxItems) {
    errors.push(tooMany(path, value.length, rules.maxItems));
  }
  if (rules.uniqueItems && new Set(value.map((item) => JSON.stringify(item))).size < value.length) {
    errors.push(invalid(path, value, `${path} in body shouldn't contain duplicates`));
  }
}

function checkMembers(rules: SchemaRules, value: Fields, path: string, errors: FieldError[]): void {
  const count = Object.keys(value).length;
  if (rules.minProperties !== undefined && count < rules.minProperties) {
    errors.push(
      invalid(path, value, `${path} in body should have at least ${rules.minProperties} properties`),
    );
  }
  if (rules.maxProperties !== undefined && count > rules.maxProperties) {
    errors.push(tooMany(path, count, rules.maxProperties));
  }
}

function checkCombinations(rules: SchemaRules, value: unknown, path: string, errors: FieldError[]): void {
  const passes = (schema: Schema) => {
    const found: FieldError[] = [];
    validateValue(schema, value, path, undefined, found);
    return found;
  };
  const text = (what: string) =>
    invalid(path, path === '' ? '' : value, `${path === '' ? '""' : JSON.stringify(path)} ${what}`);
  for (const one of rules.allOf ?? []) errors.push(...passes(one));
  if (rules.anyOf !== undefined) {
    const tried = rules.anyOf.map(passes);
    if (!tried.some((found) => found.length === 0)) {
      errors.push(text('must validate at least one schema (anyOf)'), ...(tried[0] ?? []));
    }
  }
  if (rules.oneOf !== undefined) {
    const tried = rules.oneOf.map(passes);
    const valid = tried.filter((found) => found.length === 0).length;
    if (valid !== 1) {
      errors.push(
        text(
          `must validate one and only one schema (oneOf). Found ${valid === 0 ? 'none' : valid} valid${valid > 1 ? ' alternatives' : ''}`,
        ),
        ...(valid === 0 ? (tried[0] ?? []) : []),
      );
    }
  }
  if (rules.not !== undefined && passes(rules.not).length === 0) {
    errors.push(text('must not validate the schema (not)'));
  }
}
