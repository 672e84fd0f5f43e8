import { isIpAddress } from '../rules/host-name.ts';

/**
 * The full name a host in a rule means (Istio's ResolveShortnameToFQDN): a name without a dot is a service in the namespace of the *rule*;
 * everything else, wildcards and addresses included, means itself.
 */
export function resolveHost(host: string, namespace: string, domain = 'cluster.local'): string {
  if (host === '' || host.startsWith('*') || host.includes('.') || isIpAddress(host)) return host;
  return namespace === '' ? `${host}.svc.${domain}` : `${host}.${namespace}.svc.${domain}`;
}

/** Hosts of Sidecar and Gateway, `namespace/host`, taken apart. Without a namespace any is meant. */
export function splitNamespacedHost(
  text: string,
  ownNamespace: string,
): { readonly namespace: string; readonly host: string } {
  const slash = text.indexOf('/');
  if (slash === -1) return { namespace: '*', host: text };
  const namespace = text.slice(0, slash);
  return { namespace: namespace === '.' ? ownNamespace : namespace, host: text.slice(slash + 1) };
}
