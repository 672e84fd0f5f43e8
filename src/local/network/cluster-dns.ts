import { readFileSync } from 'node:fs';
import type { Clock } from '../../base/clock.ts';
import type { LocalApi } from '../api/local-api.ts';
import type { Fields } from '../api/object.ts';
import { coreResources } from '../resources.ts';
import type { AddressPlan } from './address-plan.ts';
import type { DnsSource } from './dns-records.ts';
import { DnsServer } from './dns-server.ts';
import { publishHostService } from './host-service.ts';

const namespace = 'kube-system';

/** Starts the DNS server on the host's end of the network and the Service `kube-dns` that leads there. */
export async function startClusterDns(api: LocalApi, plan: AddressPlan, clock: Clock): Promise<DnsServer> {
  const server = new DnsServer({
    host: plan.hostIp,
    source: dnsSource(api),
    clock,
    upstream: hostNameServers(),
  });
  const port = await server.listen();
  await publishHostService(api, {
    namespace,
    name: 'kube-dns',
    clusterIp: plan.dnsIp,
    hostIp: plan.hostIp,
    ports: [
      { name: 'dns', protocol: 'UDP', port: 53, hostPort: port },
      { name: 'dns-tcp', protocol: 'TCP', port: 53, hostPort: port },
    ],
  });
  return server;
}

/** Reads the API's store through a small index of slices by service, since every lookup asks for one service. */
function dnsSource(api: LocalApi): DnsSource {
  const slices = new Map<string, Map<string, Fields>>();
  api.subscribe(coreResources.endpointSlices, ({ type, object }) => {
    const service = object.metadata.labels?.['kubernetes.io/service-name'];
    if (service === undefined) return;
    const key = `${object.metadata.namespace}/${service}`;
    const own = slices.get(key) ?? new Map<string, Fields>();
    if (type === 'DELETED') own.delete(object.metadata.name);
    else own.set(object.metadata.name, object as Fields);
    if (own.size === 0) slices.delete(key);
    else slices.set(key, own);
  });
  return {
    service: (ns, name) => api.read(coreResources.services, name, ns) as Fields | undefined,
    slices: (ns, name) => [...(slices.get(`${ns}/${name}`)?.values() ?? [])],
  };
}

function hostNameServers(): string[] {
  try {
    const text = readFileSync('/etc/resolv.conf', 'utf8');
    return [...text.matchAll(/^nameserver\s+(\S+)/gm)].map((match) => match[1] as string);
  } catch {
    return [];
  }
}
