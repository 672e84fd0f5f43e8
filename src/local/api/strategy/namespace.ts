import { asObject } from '../object.ts';
import { forbidden } from '../status.ts';
import type { Strategy } from './strategy.ts';

const protectedNames = ['default', 'kube-system', 'kube-public'];

export const namespaceStrategy: Strategy = {
  nameRule: 'label',
  default(object) {
    if (object.metadata.name) {
      object.metadata.labels = {
        ...object.metadata.labels,
        'kubernetes.io/metadata.name': object.metadata.name,
      };
    }
  },
  prepareCreate(object) {
    object.spec = { finalizers: ['kubernetes'] };
    object.status = { phase: 'Active' };
  },
  prepareUpdate(object, old, _core, request) {
    if (request.subresource === 'finalize') return;
    object.spec = structuredClone(asObject(old.spec) ?? {});
  },
  checkDelete(object) {
    if (protectedNames.includes(object.metadata.name)) {
      throw forbidden(
        { group: '', plural: 'namespaces' },
        object.metadata.name,
        'this namespace may not be deleted',
      );
    }
  },
};
