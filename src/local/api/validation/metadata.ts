import { type FieldError, forbiddenField, invalid, required } from '../field-error.ts';
import type { ApiObject } from '../object.ts';
import type { ApiResource } from '../resources/resource.ts';
import { checkAnnotations, checkLabels, type NameRule, nameFaults, qualifiedNameFaults } from './names.ts';

/** The checks of metadata that all kinds share. */
export function checkMetadata(
  resource: ApiResource,
  object: Readonly<ApiObject>,
  rule: NameRule,
  errors: FieldError[],
): void {
  const { metadata } = object;
  if (metadata.name === undefined || metadata.name === '') {
    errors.push(required('metadata.name', 'name or generateName is required'));
  } else {
    for (const fault of nameFaults(rule, metadata.name)) {
      errors.push(invalid('metadata.name', metadata.name, fault));
    }
  }
  if (resource.namespaced && !metadata.namespace) errors.push(required('metadata.namespace'));
  if (!resource.namespaced && metadata.namespace) {
    errors.push(forbiddenField('metadata.namespace', 'not allowed on this type'));
  }
  checkLabels(metadata.labels, 'metadata.labels', errors);
  checkAnnotations(metadata.annotations, 'metadata.annotations', errors);
  checkOwners(object, errors);
  metadata.finalizers?.forEach((name, i) => {
    const faults = qualifiedNameFaults(name);
    if (faults.length > 0) errors.push(invalid(`metadata.finalizers[${i}]`, name, faults[0] as string));
  });
}

function checkOwners(object: Readonly<ApiObject>, errors: FieldError[]): void {
  const owners = object.metadata.ownerReferences ?? [];
  owners.forEach((owner, i) => {
    const at = `metadata.ownerReferences[${i}]`;
    if (!owner.apiVersion)
      errors.push(invalid(`${at}.apiVersion`, owner.apiVersion, 'version must not be empty'));
    if (!owner.kind) errors.push(invalid(`${at}.kind`, owner.kind ?? '', 'kind must not be empty'));
    if (!owner.name) errors.push(invalid(`${at}.name`, owner.name ?? '', 'name must not be empty'));
    if (!owner.uid) errors.push(invalid(`${at}.uid`, owner.uid ?? '', 'uid must not be empty'));
  });
  const controllers = owners.filter(({ controller }) => controller);
  if (controllers.length > 1) {
    const names = controllers.map(({ kind, name }) => `${kind}/${name}`);
    errors.push(
      invalid(
        'metadata.ownerReferences',
        owners,
        `Only one reference can have Controller set to true. Found "true" in references for ${names.join(' and ')}`,
      ),
    );
  }
}

/** What an update may not do to metadata. */
export function checkMetadataUpdate(
  object: Readonly<ApiObject>,
  old: Readonly<ApiObject>,
  errors: FieldError[],
): void {
  if (old.metadata.deletionTimestamp === undefined) return;
  const known = new Set(old.metadata.finalizers);
  const added = (object.metadata.finalizers ?? []).filter((name) => !known.has(name));
  if (added.length > 0) {
    const names = added.map((name) => JSON.stringify(name)).join(', ');
    errors.push(
      forbiddenField(
        'metadata.finalizers',
        `no new finalizers can be added if the object is being deleted, found new finalizers []string{${names}}`,
      ),
    );
  }
}
