import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseYaml } from '../../base/yaml.ts';
import { kindNamed } from '../kinds.ts';
import { pathParts } from '../schema/report.ts';
import { validateObject } from '../validate-object.ts';

/**
 * A table of one rule. `template` is a spec in YAML flow form, in which `$` stands for the value of a row. `source` names where the rule is
 * from: a function of istio/pkg/config/validation (or agent/), the CRD, or a document.
 */
export interface RuleTable {
  readonly kind: string;
  readonly source: string;
  readonly template: string;
  /** Expected of each bad row: `Code path`. */
  readonly fault?: string;
  /** Expected of each warned row: `Code path`. */
  readonly hint?: string;
  readonly good?: readonly string[];
  readonly bad?: readonly string[];
  readonly warned?: readonly string[];
  /** Further metadata, in YAML flow form. */
  readonly metadata?: string;
}

/** Declares one test for a table; each value of good, bad and warned is a row. */
export function rule(name: string, table: RuleTable): void {
  const rows = (table.good?.length ?? 0) + (table.bad?.length ?? 0) + (table.warned?.length ?? 0);
  test(`${table.kind}: ${name} (${rows} rows; ${table.source})`, () => {
    const faults: string[] = [];
    for (const row of table.good ?? []) compare(faults, table, row, undefined, undefined);
    for (const row of table.bad ?? []) compare(faults, table, row, table.fault, undefined);
    for (const row of table.warned ?? []) compare(faults, table, row, undefined, table.hint);
    assert.deepEqual(faults, []);
  });
}

function compare(
  faults: string[],
  table: RuleTable,
  row: string,
  fault: string | undefined,
  hint: string | undefined,
): void {
  const object = objectOf(table, row);
  const issues = validateObject(object);
  const shown = issues.map((issue) => `${issue.severity} ${issue.code} ${issue.path}: ${issue.message}`);
  const errors = issues.filter((issue) => issue.severity === 'error');
  const has = (severity: string, wanted: string) =>
    issues.some((issue) => issue.severity === severity && `${issue.code} ${issue.path}` === wanted);
  if (fault === undefined && errors.length > 0) faults.push(`${row} should be taken: ${shown.join('; ')}`);
  if (fault !== undefined && !has('error', fault))
    faults.push(`${row} should fail with ${fault}: ${shown.join('; ')}`);
  if (hint !== undefined && !has('warning', hint))
    faults.push(`${row} should warn with ${hint}: ${shown.join('; ')}`);
  if (
    fault === undefined &&
    hint === undefined &&
    issues.some((issue) => issue.severity === 'warning' && issue.code !== 'InternalDetails')
  )
    faults.push(`${row} should pass without warning: ${shown.join('; ')}`);
  for (const issue of issues) {
    if (!exists(object, pathParts(issue.path)))
      faults.push(`${row}: path ${issue.path} is not in the object`);
  }
}

/** The object a row stands for. */
export function objectOf(
  table: Pick<RuleTable, 'kind' | 'template' | 'metadata'>,
  row: string,
): Record<string, unknown> {
  const kind = kindNamed(table.kind);
  assert.ok(kind !== undefined, table.kind);
  const metadata = {
    name: 'example',
    ...(table.metadata === undefined ? {} : (parseYaml(table.metadata.replaceAll('$', () => row)) as object)),
  };
  return {
    apiVersion: `${kind.group}/${kind.versions[0]}`,
    kind: table.kind,
    metadata,
    spec: parseYaml(table.template.replaceAll('$', () => row)),
  };
}

/** Whether a path leads to something in a value. */
export function exists(value: unknown, path: readonly (string | number)[]): boolean {
  let at = value;
  for (const part of path) {
    if (at === null || typeof at !== 'object' || !Object.hasOwn(at, part)) return false;
    at = (at as Record<string | number, unknown>)[part];
  }
  return true;
}
