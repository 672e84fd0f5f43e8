import type { KubeObject } from '../api/object.ts';
import type { KubeClient, Resource } from '../kube/client.ts';
import { resources } from '../kube/resource.ts';

export interface RuntimeObject {
  readonly resource: Resource;
  readonly object: KubeObject;
}

const madeByIstiod = 'app.kubernetes.io/managed-by=istiod';

/** What the control plane makes at run time, by its labels (docs/contracts.md). */
const selectors: readonly { resource: Resource; labelSelector: string }[] = [
  { resource: resources.configMaps, labelSelector: 'lateen.dev/proxy' },
  { resource: resources.configMaps, labelSelector: 'lateen.dev/scope' },
  { resource: resources.configMaps, labelSelector: madeByIstiod },
  { resource: resources.secrets, labelSelector: madeByIstiod },
  { resource: resources.roleBindings, labelSelector: madeByIstiod },
  { resource: resources.roles, labelSelector: madeByIstiod },
];

/** Configuration of proxies and the Roles to read it, in all namespaces: of no use to anyone once the control plane is gone. */
export async function listRuntimeObjects(client: KubeClient): Promise<RuntimeObject[]> {
  const lists = await Promise.all(
    selectors.map(async ({ resource, labelSelector }) => {
      const { items } = await client.list(resource, { labelSelector });
      return items.map((object) => ({ resource, object }));
    }),
  );
  return lists.flat();
}

/**
 * The control plane's memory in its own namespace: the certificate authority and its leases. Kept when an IstioOperator goes, so that a mesh
 * installed again is trusted by what still runs; purged by `uninstall --purge`.
 */
export async function listControlPlaneState(client: KubeClient, namespace: string): Promise<RuntimeObject[]> {
  const named: readonly { resource: Resource; name: RegExp }[] = [
    { resource: resources.secrets, name: /^istio-ca-secret$/ },
    { resource: resources.leases, name: /^istiod?-/ },
  ];
  const lists = await Promise.all(
    named.map(async ({ resource, name }) => {
      const { items } = await client.list(resource, { namespace });
      return items
        .filter((object) => name.test(object.metadata.name))
        .map((object) => ({ resource, object }));
    }),
  );
  return lists.flat();
}
