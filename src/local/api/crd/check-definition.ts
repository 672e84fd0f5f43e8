import { type FieldError, invalid, notSupported, required } from '../field-error.ts';
import { type ApiObject, asList, asObject, type Fields } from '../object.ts';
import { nameFaults } from '../validation/names.ts';
import { checkStructural } from './check-structural.ts';

/** The faults of a CustomResourceDefinition. */
export function checkDefinition(object: Readonly<ApiObject>, errors: FieldError[]): void {
  const spec = asObject(object.spec) ?? {};
  const names = asObject(spec['names']) ?? {};
  const expected = `${names['plural']}.${spec['group']}`;
  if (object.metadata.name !== expected) {
    errors.push(invalid('metadata.name', object.metadata.name, `must be spec.names.plural+"."+spec.group`));
  }
  if (spec['scope'] !== undefined && !['Cluster', 'Namespaced'].includes(String(spec['scope']))) {
    errors.push(notSupported('spec.scope', spec['scope'], ['Cluster', 'Namespaced']));
  }
  for (const fault of nameFaults('subdomain', String(spec['group'] ?? ''))) {
    errors.push(invalid('spec.group', spec['group'], fault));
  }
  if (!String(spec['group'] ?? '').includes('.')) {
    errors.push(invalid('spec.group', spec['group'], 'should be a domain with at least one dot'));
  }
  for (const field of ['plural', 'singular']) {
    for (const fault of nameFaults('dns1035', String(names[field] ?? ''))) {
      errors.push(invalid(`spec.names.${field}`, names[field], fault));
    }
  }
  checkVersions(asList(spec['versions']) as Fields[], errors);
  const strategy = asObject(spec['conversion'])?.['strategy'];
  if (strategy === 'Webhook') {
    errors.push({
      reason: 'FieldValueForbidden',
      field: 'spec.conversion.strategy',
      message: 'Forbidden: this API server converts between versions only with strategy None',
    });
  }
}

function checkVersions(versions: readonly Fields[], errors: FieldError[]): void {
  const storage = versions.filter((version) => version['storage'] === true);
  if (versions.length > 0 && storage.length !== 1) {
    errors.push(
      invalid('spec.versions', versions, 'must have exactly one version marked as storage version'),
    );
  }
  versions.forEach((version, i) => {
    const at = `spec.versions[${i}]`;
    for (const fault of nameFaults('dns1035', String(version['name'] ?? ''))) {
      errors.push(invalid(`${at}.name`, version['name'], fault));
    }
    const schema = asObject(version['schema'])?.['openAPIV3Schema'];
    if (schema === undefined) {
      errors.push(required(`${at}.schema.openAPIV3Schema`, 'schemas are required'));
    } else checkStructural(schema as Fields, `${at}.schema.openAPIV3Schema`, errors);
  });
}

/** What a definition may not change once objects may exist. */
export function checkDefinitionUpdate(
  object: Readonly<ApiObject>,
  old: Readonly<ApiObject>,
  errors: FieldError[],
): void {
  const now = asObject(object.spec) ?? {};
  const before = asObject(old.spec) ?? {};
  for (const field of ['group', 'scope']) {
    if (now[field] !== before[field]) errors.push(invalid(`spec.${field}`, now[field], 'field is immutable'));
  }
  for (const field of ['plural', 'kind']) {
    const value = asObject(now['names'])?.[field];
    if (value !== asObject(before['names'])?.[field]) {
      errors.push(invalid(`spec.names.${field}`, value, 'field is immutable'));
    }
  }
  const stored = asList(asObject(object.status)?.['storedVersions']);
  const served = (asList(now['versions']) as Fields[]).map((version) => version['name']);
  stored.forEach((version, i) => {
    if (served.includes(version)) return;
    errors.push(
      invalid(
        `status.storedVersions[${i}]`,
        version,
        'missing from spec.versions; v was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in v and removes v from status.storedVersions'.replaceAll(
          ' v ',
          ` ${version} `,
        ),
      ),
    );
  });
}
