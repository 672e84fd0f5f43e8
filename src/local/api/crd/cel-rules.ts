import { evaluateCel } from '../cel/evaluate.ts';
import { celValue } from '../cel/values.ts';
import type { FieldError } from '../field-error.ts';
import type { ApiObject, Fields } from '../object.ts';
import { equalJson } from '../schema/json-value.ts';
import { type CelRule, fieldSchema, type Schema } from '../schema/schema.ts';

/** Evaluates the schema's x-kubernetes-validations: on every value they stand on, transition rules only where an old value exists. */
export function checkCelRules(
  schema: Schema,
  object: Readonly<ApiObject>,
  old: Readonly<ApiObject> | undefined,
  errors: FieldError[],
): void {
  if (!usesCel(schema)) return;
  walk(schema, visible(object), old === undefined ? undefined : visible(old), '', errors);
}

/** Of metadata, rules see only the name and generateName. */
function visible(object: Readonly<ApiObject>): Fields {
  const { name, generateName } = object.metadata;
  const metadata = { name, ...(generateName === undefined ? {} : { generateName }) };
  return { ...(object as unknown as Fields), metadata };
}

const known = new WeakMap<Schema, boolean>();

/** Whether the schema has rules anywhere. */
export function usesCel(schema: Schema): boolean {
  const before = known.get(schema);
  if (before !== undefined) return before;
  known.set(schema, false);
  const inner = [
    ...Object.values(schema.properties ?? {}),
    ...(schema.items === undefined ? [] : [schema.items]),
    ...(typeof schema.additional === 'object' ? [schema.additional] : []),
  ];
  const found = schema.rules?.cel !== undefined || inner.map(usesCel).includes(true);
  known.set(schema, found);
  return found;
}

function walk(schema: Schema, value: unknown, old: unknown, path: string, errors: FieldError[]): void {
  if (value === undefined || value === null || !usesCel(schema)) return;
  if (old !== undefined && equalJson(value, old) && path !== '') return;
  for (const rule of schema.rules?.cel ?? []) {
    const fault = check(schema, rule, value, old, path);
    if (fault !== undefined) errors.push(fault);
  }
  if (Array.isArray(value)) walkList(schema, value, old, path, errors);
  else if (typeof value === 'object') {
    for (const [key, item] of Object.entries(value)) {
      const inner = fieldSchema(schema, key);
      const innerPath =
        schema.properties?.[key] !== undefined ? (path === '' ? key : `${path}.${key}`) : `${path}[${key}]`;
      if (inner !== undefined) walk(inner, item, (old as Fields | undefined)?.[key], innerPath, errors);
    }
  }
}

/** Items have old values only in lists with keys. */
function walkList(
  schema: Schema,
  list: readonly unknown[],
  old: unknown,
  path: string,
  errors: FieldError[],
): void {
  const { items, listMapKeys } = schema;
  if (items === undefined) return;
  const idOf = (item: unknown) => JSON.stringify(listMapKeys?.map((key) => (item as Fields)[key]));
  const before = new Map(
    schema.listType === 'map' && Array.isArray(old) ? old.map((item) => [idOf(item), item]) : [],
  );
  for (const [i, item] of list.entries()) walk(items, item, before.get(idOf(item)), `${path}[${i}]`, errors);
}

function check(
  schema: Schema,
  rule: CelRule,
  value: unknown,
  old: unknown,
  path: string,
): FieldError | undefined {
  const isTransition = /\boldSelf\b/.test(rule.rule);
  if (isTransition && old === undefined && !rule.optionalOldSelf) return undefined;
  const variables = {
    self: celValue(value, schema),
    ...(old === undefined ? {} : { oldSelf: celValue(old, schema) }),
  };
  const result = evaluateCel(rule.rule, variables);
  const field = `${path}${rule.fieldPath ?? ''}`.replace(/^\./, '');
  if ('error' in result) {
    return fault('FieldValueInvalid', field, schema, `rule evaluation error: ${result.error}`);
  }
  if (result.value === true) return undefined;
  return fault(rule.reason ?? 'FieldValueInvalid', field, schema, messageOf(rule, variables));
}

function messageOf(rule: CelRule, variables: Parameters<typeof evaluateCel>[1]): string {
  if (rule.messageExpression !== undefined) {
    const result = evaluateCel(rule.messageExpression, variables);
    if ('value' in result && typeof result.value === 'string' && result.value.trim() !== '')
      return result.value;
  }
  return rule.message ?? `failed rule: ${rule.rule.trim()}`;
}

function fault(reason: string, field: string, schema: Schema, text: string): FieldError {
  const at = field === '' ? '<nil>' : field;
  switch (reason) {
    case 'FieldValueForbidden':
      return { reason, field: at, message: `Forbidden: ${text}` };
    case 'FieldValueRequired':
      return { reason, field: at, message: `Required value: ${text}` };
    case 'FieldValueDuplicate':
      return { reason, field: at, message: `Duplicate value: ${JSON.stringify(schema.type ?? 'object')}` };
    default:
      return {
        reason,
        field: at,
        message: `Invalid value: ${text}`,
      };
  }
}
