import { createHash } from 'node:crypto';

/** Where what proxies share is kept; the namespace holds nothing else. */
export const sharedNamespace = 'istio-proxy-config';

export const labels = {
  /** On a proxy's own ConfigMap, and as annotation on its pods. */
  proxy: 'lateen.dev/proxy',
  scope: 'lateen.dev/scope',
  part: 'lateen.dev/part',
  revision: 'istio.io/rev',
} as const;

export type PartKind = 'index' | 'config' | 'endpoints';

/** Name of a proxy's own ConfigMap, in the workload's namespace. */
export function ownConfigMapName(proxy: string): string {
  return `istio-proxy-${proxy}`;
}

/** Name of a part of a scope. `slug` may hold anything: what a ConfigMap name cannot carry is replaced and told apart by a hash. */
export function partName(scope: string, slug: string): string {
  const plain = `${scope}.${slug}`;
  if (plain.length <= 253 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(slug))
    return plain;
  const hash = createHash('sha256').update(slug).digest('hex').slice(0, 8);
  const kept = slug
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 240 - scope.length)
    .replace(/^-+|-+$/g, '');
  return kept === '' ? `${scope}.${hash}` : `${scope}.${kept}-${hash}`;
}
