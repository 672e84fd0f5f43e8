import { sha256Hex } from '../../base/hash.ts';

/** What the rules need to know of a Service; from `v1/Service`. */
export interface ServiceView {
  readonly namespace: string;
  readonly name: string;
  readonly clusterIps: readonly string[];
  /** Addresses from outside: load balancer ingress and externalIPs. */
  readonly externalIps: readonly string[];
  readonly affinitySeconds?: number;
  readonly ports: readonly ServicePortView[];
}

export interface ServicePortView {
  readonly name: string;
  readonly protocol: string;
  readonly port: number;
  readonly nodePort?: number;
  /** `address:port` of the endpoints that get traffic. */
  readonly endpoints: readonly string[];
}

/** Chain name → its rules, in the words of iptables-save. */
export type Chains = ReadonlyMap<string, readonly string[]>;

/** The mark of packets that must leave with the router's address, kube-proxy's own number. */
const masqueradeMark = '0x4000/0x4000';

/** What is written once, when the router namespace is made. */
export const baseRules = [
  '*nat',
  ':KUBE-SERVICES - [0:0]',
  ':KUBE-NODEPORTS - [0:0]',
  ':KUBE-MARK-MASQ - [0:0]',
  ':KUBE-POSTROUTING - [0:0]',
  '-A PREROUTING -j KUBE-SERVICES',
  '-A OUTPUT -j KUBE-SERVICES',
  '-A POSTROUTING -j KUBE-POSTROUTING',
  `-A KUBE-MARK-MASQ -j MARK --set-xmark ${masqueradeMark}`,
  `-A KUBE-POSTROUTING -m mark --mark ${masqueradeMark} -j MASQUERADE`,
  'COMMIT',
  '',
].join('\n');

/**
 * The chains of all services in kube-proxy's layout: KUBE-SERVICES picks by address and port, KUBE-SVC-… picks an endpoint with equal
 * chances (or by affinity), KUBE-SEP-… rewrites the destination; a pod that reaches itself through a service is masqueraded.
 */
export function serviceChains(services: readonly ServiceView[], nodeIp: string): Chains {
  const chains = new Map<string, string[]>();
  const entry: string[] = [];
  const nodePorts: string[] = [];
  for (const service of services) {
    for (const port of service.ports) {
      const protocol = port.protocol.toLowerCase();
      if (port.endpoints.length === 0 || (protocol !== 'tcp' && protocol !== 'udp')) continue;
      const chain = chainName('SVC', `${service.namespace}/${service.name}:${port.name}/${protocol}`);
      for (const address of [...service.clusterIps, ...service.externalIps]) {
        entry.push(`-d ${address}/32 -p ${protocol} -m ${protocol} --dport ${port.port} -j ${chain}`);
      }
      if (port.nodePort) nodePorts.push(`-p ${protocol} -m ${protocol} --dport ${port.nodePort} -j ${chain}`);
      addServiceChains(chains, chain, protocol, port.endpoints, service.affinitySeconds);
    }
  }
  chains.set('KUBE-SERVICES', [...entry, `-d ${nodeIp}/32 -j KUBE-NODEPORTS`]);
  chains.set('KUBE-NODEPORTS', nodePorts);
  return chains;
}

function addServiceChains(
  chains: Map<string, string[]>,
  chain: string,
  protocol: string,
  endpoints: readonly string[],
  affinitySeconds: number | undefined,
): void {
  const separate = endpoints.map((endpoint) => chainName('SEP', `${chain}/${endpoint}`));
  const sticky = separate.map(
    (name) => `-m recent --name ${name} --rcheck --seconds ${affinitySeconds} --reap -j ${name}`,
  );
  const spread = separate.map((name, i) => {
    const left = separate.length - i;
    const chance = left === 1 ? '' : `-m statistic --mode random --probability ${(1 / left).toFixed(10)} `;
    return `${chance}-j ${name}`;
  });
  chains.set(chain, affinitySeconds === undefined ? spread : [...sticky, ...spread]);
  endpoints.forEach((endpoint, i) => {
    const name = separate[i] as string;
    const remember = affinitySeconds === undefined ? '' : `-m recent --name ${name} --set `;
    chains.set(name, [
      `-s ${endpoint.slice(0, endpoint.lastIndexOf(':'))}/32 -j KUBE-MARK-MASQ`,
      `-p ${protocol} ${remember}-m ${protocol} -j DNAT --to-destination ${endpoint}`,
    ]);
  });
}

function chainName(kind: string, of: string): string {
  return `KUBE-${kind}-${sha256Hex(of, 16).toUpperCase()}`;
}

/** Input of `iptables-restore --noflush` that turns one set of chains into another, touching only what differs; undefined when equal. */
export function chainsDiff(before: Chains, after: Chains): string | undefined {
  const changed = [...after].filter(([name, rules]) => !sameRules(before.get(name), rules));
  const gone = [...before.keys()].filter((name) => !after.has(name));
  if (changed.length === 0 && gone.length === 0) return undefined;
  return [
    '*nat',
    ...[...changed.map(([name]) => name), ...gone].map((name) => `:${name} - [0:0]`),
    ...changed.flatMap(([name, rules]) => rules.map((rule) => `-A ${name} ${rule}`)),
    ...gone.map((name) => `-X ${name}`),
    'COMMIT',
    '',
  ].join('\n');
}

function sameRules(a: readonly string[] | undefined, b: readonly string[]): boolean {
  return a !== undefined && a.length === b.length && a.every((rule, i) => rule === b[i]);
}
