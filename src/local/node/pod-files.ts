import type { RootFile } from './launch-script.ts';
import type { PodSpec } from './pod-spec.ts';

/** What resolv.conf is made of besides the pod. */
export interface DnsSettings {
  readonly clusterDns: string;
  /** The host's own resolv.conf, for dnsPolicy Default. */
  readonly hostResolvConf: string;
}

/** /etc/resolv.conf, /etc/hosts and /etc/hostname of a pod, as kubelet writes them. */
export function podFiles(
  spec: PodSpec,
  namespace: string,
  pod: { hostname: string; ip: string },
  dns: DnsSettings,
): RootFile[] {
  return [
    { path: '/etc/resolv.conf', content: resolvConf(spec, namespace, dns) },
    { path: '/etc/hosts', content: hosts(spec, namespace, pod) },
    { path: '/etc/hostname', content: `${pod.hostname}\n` },
  ];
}

export function resolvConf(spec: PodSpec, namespace: string, dns: DnsSettings): string {
  const policy =
    spec.hostNetwork && spec.dnsPolicy === 'ClusterFirst' ? 'Default' : (spec.dnsPolicy ?? 'ClusterFirst');
  if (policy === 'Default') return dns.hostResolvConf;
  const cluster = policy !== 'None';
  const servers = [...(cluster ? [dns.clusterDns] : []), ...(spec.dnsConfig?.nameservers ?? [])];
  const searches = [
    ...(cluster ? [`${namespace}.svc.cluster.local`, 'svc.cluster.local', 'cluster.local'] : []),
    ...(spec.dnsConfig?.searches ?? []),
  ];
  const options = new Map(cluster ? [['ndots', 'ndots:5']] : []);
  for (const { name, value } of spec.dnsConfig?.options ?? []) {
    options.set(name, value === undefined ? name : `${name}:${value}`);
  }
  const lines = [
    ...(searches.length > 0 ? [`search ${searches.join(' ')}`] : []),
    ...servers.map((server) => `nameserver ${server}`),
    ...(options.size > 0 ? [`options ${[...options.values()].join(' ')}`] : []),
  ];
  return lines.join('\n') + '\n';
}

function hosts(spec: PodSpec, namespace: string, pod: { hostname: string; ip: string }): string {
  const full = spec.subdomain ? `${pod.hostname}.${spec.subdomain}.${namespace}.svc.cluster.local\t` : '';
  const lines = [
    '# Kubernetes-managed hosts file.',
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    `${pod.ip}\t${full}${pod.hostname}`,
    ...(spec.hostAliases ?? []).map(({ ip, hostnames }) => `${ip}\t${(hostnames ?? []).join('\t')}`),
  ];
  return lines.join('\n') + '\n';
}

/** The host name inside a pod: `spec.hostname`, else the pod's name, cut to what Linux allows. */
export function podHostname(spec: PodSpec, name: string): string {
  return (spec.hostname ?? name).slice(0, 63).replace(/[-.]+$/, '');
}
