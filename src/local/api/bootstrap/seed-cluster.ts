import { adminUser } from '../controllers/system-user.ts';
import type { ApiCore } from '../core.ts';
import type { ApiObject } from '../object.ts';
import type { WriteParameters } from '../request/request.ts';
import { createObject } from '../request/write.ts';
import { apiVersionOf, keyOf } from '../resources/resource.ts';
import { cloneJson } from '../schema/json-value.ts';
import { seedRoles } from './roles-table.ts';

const parameters: WriteParameters = {
  dryRun: false,
  fieldManager: 'kube-apiserver',
  fieldValidation: 'Ignore',
  force: true,
};

/** Creates what every cluster has from its first moment: the system namespaces, the `kubernetes` Service, the well-known roles. */
export async function seedCluster(core: ApiCore): Promise<void> {
  for (const name of ['default', 'kube-system', 'kube-public', 'kube-node-lease']) {
    await ensure(core, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }
  await ensure(core, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 'kubernetes',
      namespace: 'default',
      labels: { component: 'apiserver', provider: 'kubernetes' },
    },
    spec: {
      clusterIP: core.allocator.apiServerAddress,
      ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: 6443 }],
    },
  });
  for (const object of seedRoles()) await ensure(core, object);
}

async function ensure(core: ApiCore, object: ApiObject): Promise<void> {
  const resource = core.registry.byKind(object.apiVersion, object.kind);
  if (resource === undefined) throw new Error(`no resource for ${object.apiVersion} ${object.kind}`);
  const { namespace, name } = object.metadata;
  if (core.store.table(resource.table).get(keyOf(namespace, name)) !== undefined) return;
  const request = {
    resource,
    ...(namespace === undefined ? {} : { namespace }),
    user: adminUser,
    query: {},
    userAgent: apiVersionOf(resource),
    warnings: [],
  };
  await createObject(core, request, cloneJson(object), parameters);
}
