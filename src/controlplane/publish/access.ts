import type { KubeObject } from '../../api/object.ts';
import { stableJson } from '../../base/hash.ts';
import type { Logger } from '../../base/log.ts';
import { errorMessage } from '../../base/log.ts';
import { applyObject } from '../../kube/apply-object.ts';
import type { KubeClient } from '../../kube/client.ts';
import { resources } from '../../kube/resource.ts';
import type { MeshProxy } from '../../mesh/index.ts';
import { ownConfigMapName } from '../../xds/snapshot/index.ts';
import { isNamespaceGone } from './namespace-gone.ts';

const name = 'istio-proxy-config';

/** Lets the workloads of each namespace read their own configuration, by name and nothing else. */
export class ProxyAccess {
  readonly #client: KubeClient;
  readonly #log: Logger;
  readonly #applied = new Map<string, string>();

  constructor(client: KubeClient, log: Logger) {
    this.#client = client;
    this.#log = log;
  }

  /** Brings Roles and RoleBindings in line with the proxies. What was applied before and has not changed is left alone. */
  async apply(proxies: readonly MeshProxy[]): Promise<void> {
    const byNamespace = new Map<string, MeshProxy[]>();
    for (const proxy of proxies)
      byNamespace.set(proxy.namespace, [...(byNamespace.get(proxy.namespace) ?? []), proxy]);
    await Promise.all(
      [...byNamespace].map(([namespace, members]) => this.#applyNamespace(namespace, members)),
    );
  }

  /** Applies everything again next time, as after a change of leader. */
  forget(): void {
    this.#applied.clear();
  }

  /** Applies what belongs to a namespace again next time. */
  forgetNamespace(namespace: string): void {
    this.#applied.delete(namespace);
  }

  async #applyNamespace(namespace: string, proxies: readonly MeshProxy[]): Promise<void> {
    const role = roleOf(namespace, proxies);
    const binding = bindingOf(namespace, proxies);
    const text = stableJson([role, binding]);
    if (this.#applied.get(namespace) === text) return;
    try {
      const options = { fieldManager: 'istiod', recreate: true };
      await applyObject(this.#client, resources.roles, role, options);
      await applyObject(this.#client, resources.roleBindings, binding, options);
      this.#applied.set(namespace, text);
    } catch (failure) {
      if (isNamespaceGone(failure)) return;
      this.#log.warn('cannot grant proxies access to their configuration', {
        namespace,
        error: errorMessage(failure),
      });
    }
  }
}

function roleOf(namespace: string, proxies: readonly MeshProxy[]): KubeObject {
  const resourceNames = [...new Set(proxies.map((proxy) => ownConfigMapName(proxy.name)))].sort();
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name, namespace, labels: { 'app.kubernetes.io/managed-by': 'istiod' } },
    rules: [{ apiGroups: [''], resources: ['configmaps'], resourceNames, verbs: ['get', 'list', 'watch'] }],
  };
}

function bindingOf(namespace: string, proxies: readonly MeshProxy[]): KubeObject {
  const accounts = [...new Set(proxies.map((proxy) => proxy.serviceAccount))].sort();
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name, namespace, labels: { 'app.kubernetes.io/managed-by': 'istiod' } },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
    subjects: accounts.map((account) => ({ kind: 'ServiceAccount', name: account, namespace })),
  };
}
