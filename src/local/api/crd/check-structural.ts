import { compileRegex } from '../../../base/regex.ts';
import { ruleFault } from '../cel/check-rule.ts';
import { type FieldError, forbiddenField, invalid, notSupported, required } from '../field-error.ts';
import { asList, asObject, type Fields } from '../object.ts';
import { schemaOf } from './schema.ts';
import { validateValue } from './validate.ts';

const types = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const forbidden = [
  '$ref',
  'definitions',
  'dependencies',
  'deprecated',
  'discriminator',
  'id',
  'patternProperties',
  'readOnly',
  'writeOnly',
  'xml',
  'additionalItems',
];

/** The rules that make an OpenAPI schema structural (Kubernetes' CRD documentation, "Specifying a structural schema"). */
export function checkStructural(schema: Fields, path: string, errors: FieldError[]): void {
  if (schema['type'] !== 'object') {
    errors.push(
      schema['type'] === undefined
        ? required(`${path}.type`, 'must not be empty at the root')
        : invalid(`${path}.type`, schema['type'], 'must be object at the root'),
    );
  }
  checkNode(schema, path, errors);
}

function checkNode(schema: Fields, path: string, errors: FieldError[]): void {
  const type = schema['type'];
  const free =
    schema['x-kubernetes-int-or-string'] === true || schema['x-kubernetes-preserve-unknown-fields'] === true;
  if (type === undefined && !free)
    errors.push(required(`${path}.type`, 'must not be empty for specified object fields'));
  if (type !== undefined && !types.includes(String(type)))
    errors.push(notSupported(`${path}.type`, type, types));
  for (const key of forbidden) {
    if (schema[key] !== undefined) errors.push(forbiddenField(`${path}.${key}`, `${key} is not supported`));
  }
  if (schema['properties'] !== undefined && schema['additionalProperties'] !== undefined) {
    errors.push(
      forbiddenField(
        `${path}.additionalProperties`,
        'additionalProperties and properties are mutual exclusive',
      ),
    );
  }
  if (schema['uniqueItems'] === true) {
    errors.push(
      forbiddenField(
        `${path}.uniqueItems`,
        'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
      ),
    );
  }
  if (type === 'array' && schema['items'] === undefined) {
    errors.push(required(`${path}.items`, 'must be specified'));
  }
  const pattern = schema['pattern'];
  if (typeof pattern === 'string' && typeof compileRegex(pattern) === 'string') {
    errors.push(invalid(`${path}.pattern`, pattern, 'must be a valid regular expression'));
  }
  checkListType(schema, path, errors);
  checkRules(schema, path, errors);
  checkDefault(schema, path, errors);
  checkChildren(schema, path, errors);
}

function checkListType(schema: Fields, path: string, errors: FieldError[]): void {
  const listType = schema['x-kubernetes-list-type'];
  if (listType === undefined) return;
  if (!['atomic', 'set', 'map'].includes(String(listType))) {
    errors.push(notSupported(`${path}.x-kubernetes-list-type`, listType, ['atomic', 'map', 'set']));
  }
  if (schema['type'] !== 'array') {
    errors.push(
      invalid(`${path}.type`, schema['type'] ?? '', 'must be array if x-kubernetes-list-type is specified'),
    );
  }
  if (listType !== 'map') return;
  const keys = asList(schema['x-kubernetes-list-map-keys']) as string[];
  const items = asObject(schema['items']) ?? {};
  if (keys.length === 0) {
    errors.push(
      required(`${path}.x-kubernetes-list-map-keys`, 'must not be empty if x-kubernetes-list-type is map'),
    );
  }
  keys.forEach((key, i) => {
    if (asObject(items['properties'])?.[key] === undefined) {
      errors.push(
        invalid(
          `${path}.x-kubernetes-list-map-keys[${i}]`,
          key,
          'entries must all be names of item properties',
        ),
      );
    } else if (
      !asList(items['required']).includes(key) &&
      asObject(asObject(items['properties'])?.[key])?.['default'] === undefined
    ) {
      errors.push(
        required(
          `${path}.items.properties[${key}].default`,
          'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
        ),
      );
    }
  });
}

function checkRules(schema: Fields, path: string, errors: FieldError[]): void {
  (asList(schema['x-kubernetes-validations']) as Fields[]).forEach((rule, i) => {
    const at = `${path}.x-kubernetes-validations[${i}]`;
    if (!rule['rule']) {
      errors.push(required(`${at}.rule`, 'rule is not specified'));
      return;
    }
    const fault = ruleFault(String(rule['rule']), schema);
    if (fault !== undefined) errors.push(invalid(`${at}.rule`, rule, `compilation failed: ERROR: ${fault}`));
  });
}

function checkDefault(schema: Fields, path: string, errors: FieldError[]): void {
  if (schema['default'] === undefined) return;
  const found: FieldError[] = [];
  validateValue(
    schemaOf({ ...schema, default: undefined }),
    schema['default'],
    `${path}.default`,
    undefined,
    found,
  );
  errors.push(...found);
}

function checkChildren(schema: Fields, path: string, errors: FieldError[]): void {
  for (const [name, child] of Object.entries(asObject(schema['properties']) ?? {})) {
    if (path.endsWith('openAPIV3Schema') && name === 'metadata') continue;
    checkNode(asObject(child) ?? {}, `${path}.properties[${name}]`, errors);
  }
  const items = asObject(schema['items']);
  if (items !== undefined) checkNode(items, `${path}.items`, errors);
  const additional = asObject(schema['additionalProperties']);
  if (additional !== undefined) checkNode(additional, `${path}.additionalProperties`, errors);
}
