import { checkDefinition, checkDefinitionUpdate } from '../crd/check-definition.ts';
import { asList, asObject, ensureObject, type Fields } from '../object.ts';
import type { Strategy } from './strategy.ts';

export const crdStrategy: Strategy = {
  default(object) {
    const spec = asObject(object.spec);
    const names = asObject(spec?.['names']);
    if (spec === undefined || names === undefined) return;
    names['singular'] ??= String(names['kind'] ?? '').toLowerCase();
    names['listKind'] ??= `${names['kind']}List`;
    spec['conversion'] ??= { strategy: 'None' };
    if (spec['preserveUnknownFields'] === false) delete spec['preserveUnknownFields'];
  },
  prepareCreate(object) {
    const versions = asList(asObject(object.spec)?.['versions']) as Fields[];
    const storage = versions.find((version) => version['storage'] === true)?.['name'];
    object.status = { storedVersions: storage === undefined ? [] : [storage] };
  },
  prepareUpdate(object) {
    const versions = asList(asObject(object.spec)?.['versions']) as Fields[];
    const storage = versions.find((version) => version['storage'] === true)?.['name'];
    const status = ensureObject(object, 'status');
    const stored = asList(status['storedVersions']);
    if (storage !== undefined && !stored.includes(storage)) status['storedVersions'] = [...stored, storage];
  },
  validate: checkDefinition,
  validateUpdate: checkDefinitionUpdate,
};
