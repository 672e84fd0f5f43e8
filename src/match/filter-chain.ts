import { Cidr, CidrMap, type IpNumber, parseIp } from '../base/cidr.ts';
import type { Issue } from '../base/issue.ts';
import { error } from '../base/issue.ts';
import type { CidrRange } from '../xds/messages/core.ts';
import type { FilterChain, FilterChainMatch } from '../xds/messages/listener.ts';
import type { AddressView } from './request.ts';

/** What a filter chain is chosen by, known once the listener filters ran. */
export interface ConnectionFacts {
  readonly remote: AddressView;
  readonly directRemote: AddressView;
  readonly local: AddressView;
  /** SNI, '' when none. */
  readonly requestedServerName: string;
  readonly transportProtocol: string;
  readonly applicationProtocols: readonly string[];
}

/**
 * Filter-chain matching in Envoy's order: destination port, destination address, server name, transport protocol, application protocol,
 * direct source address, source type, source address, source port. Each step keeps only its most specific group and never comes
 * back: a connection that fails later in that group falls to the default chain, not to a less specific group.
 */
export class FilterChainTable<C> {
  readonly #root: Step<C>;
  readonly #fallback: C | undefined;

  constructor(root: Step<C>, fallback: C | undefined) {
    this.#root = root;
    this.#fallback = fallback;
  }

  find(connection: ConnectionFacts): C | undefined {
    return this.#root.find(connection) ?? this.#fallback;
  }
}

interface Step<C> {
  find(connection: ConnectionFacts): C | undefined;
}

interface Candidate<C> {
  readonly match: Required<MatchFields>;
  readonly value: C;
}
type MatchFields = Pick<
  FilterChainMatch,
  | 'destination_port'
  | 'prefix_ranges'
  | 'server_names'
  | 'transport_protocol'
  | 'application_protocols'
  | 'direct_source_prefix_ranges'
  | 'source_type'
  | 'source_prefix_ranges'
  | 'source_ports'
>;

const noMatch: MatchFields = {
  destination_port: undefined,
  prefix_ranges: [],
  server_names: [],
  transport_protocol: '',
  application_protocols: [],
  direct_source_prefix_ranges: [],
  source_type: 'ANY',
  source_prefix_ranges: [],
  source_ports: [],
};

/** Compiles the chains of a listener; `values[i]` belongs to `chains[i]`. */
export function compileFilterChains<C>(
  chains: readonly FilterChain[],
  values: readonly C[],
  fallback: C | undefined,
): { readonly table: FilterChainTable<C> | undefined; readonly issues: readonly Issue[] } {
  const issues = [...rangeIssues(chains), ...duplicateIssues(chains)];
  if (issues.length > 0) return { table: undefined, issues };
  const candidates = chains.map((chain, i) => ({
    match: chain.filter_chain_match ?? noMatch,
    value: values[i] as C,
  }));
  return { table: new FilterChainTable(byPort(candidates), fallback), issues };
}

function rangeIssues(chains: readonly FilterChain[]): Issue[] {
  const issues: Issue[] = [];
  chains.forEach((chain, i) => {
    for (const field of ['prefix_ranges', 'direct_source_prefix_ranges', 'source_prefix_ranges'] as const)
      chain.filter_chain_match?.[field].forEach((range, j) => {
        if (Cidr.of(range.address_prefix, range.prefix_len) === undefined)
          issues.push(
            error(
              'InvalidValue',
              `filter_chains[${i}].filter_chain_match.${field}[${j}]`,
              `malformed IP range ${range.address_prefix}/${range.prefix_len}`,
            ),
          );
      });
  });
  return issues;
}

function duplicateIssues(chains: readonly FilterChain[]): Issue[] {
  const seen = new Map<string, number>();
  const issues: Issue[] = [];
  chains.forEach((chain, i) => {
    for (const key of ruleKeys(chain.filter_chain_match ?? noMatch)) {
      const first = seen.get(key);
      if (first !== undefined && first !== i) {
        issues.push(
          error(
            'Duplicate',
            `filter_chains[${i}].filter_chain_match`,
            `multiple filter chains with the same matching rules are defined (as filter_chains[${first}])`,
          ),
        );
        return;
      }
      seen.set(key, i);
    }
  });
  return issues;
}

/** Every combination of single criteria a match stands for, as text. */
function ruleKeys(match: MatchFields): string[] {
  const cidrs = (ranges: readonly CidrRange[]) =>
    orNone(ranges.map((r) => Cidr.of(r.address_prefix, r.prefix_len)?.key ?? ''));
  const lists = [
    cidrs(match.prefix_ranges),
    orNone(match.server_names),
    orNone(match.application_protocols),
    cidrs(match.direct_source_prefix_ranges),
    cidrs(match.source_prefix_ranges),
    orNone(match.source_ports.map(String)),
  ];
  const fixed = `${match.destination_port ?? 0}|${match.transport_protocol}|${match.source_type}`;
  return lists.reduce<string[]>(
    (keys, list) => keys.flatMap((key) => list.map((item) => `${key}|${item}`)),
    [fixed],
  );
}

function orNone(list: readonly string[]): readonly string[] {
  return list.length === 0 ? [''] : list;
}

/** Candidates by each value of a criterion, '' for those without it. */
function group<C>(
  candidates: readonly Candidate<C>[],
  keysOf: (match: MatchFields) => readonly string[],
): Map<string, Candidate<C>[]> {
  const groups = new Map<string, Candidate<C>[]>();
  for (const candidate of candidates)
    for (const key of orNone(keysOf(candidate.match))) {
      const list = groups.get(key);
      if (list === undefined) groups.set(key, [candidate]);
      else list.push(candidate);
    }
  return groups;
}

function steps<C>(
  groups: Map<string, Candidate<C>[]>,
  next: (candidates: readonly Candidate<C>[]) => Step<C>,
): Map<string, Step<C>> {
  return new Map([...groups].map(([key, list]) => [key, next(list)]));
}

function byPort<C>(candidates: readonly Candidate<C>[]): Step<C> {
  const ports = steps(
    group(candidates, (m) => (m.destination_port === undefined ? [] : [String(m.destination_port)])),
    byDestination,
  );
  const any = ports.get('');
  if (ports.size === 1 && any !== undefined) return any;
  return { find: (c) => (ports.get(String(c.local.port)) ?? any)?.find(c) };
}

/** Longest-prefix step; candidates without ranges hold every address, Unix sockets included. */
function byRange<C>(
  candidates: readonly Candidate<C>[],
  rangesOf: (match: MatchFields) => readonly CidrRange[],
  addressOf: (connection: ConnectionFacts) => AddressView,
  next: (candidates: readonly Candidate<C>[]) => Step<C>,
): Step<C> {
  const parsed = new Map<string, { cidr: Cidr; address: IpNumber; list: Candidate<C>[] }>();
  const anywhere: Candidate<C>[] = [];
  for (const candidate of candidates) {
    const ranges = rangesOf(candidate.match);
    if (ranges.length === 0) anywhere.push(candidate);
    for (const range of ranges) {
      const cidr = Cidr.of(range.address_prefix, range.prefix_len) as Cidr;
      const known = parsed.get(cidr.key);
      if (known !== undefined) known.list.push(candidate);
      else
        parsed.set(cidr.key, { cidr, address: parseIp(range.address_prefix) as IpNumber, list: [candidate] });
    }
  }
  const any = anywhere.length === 0 ? undefined : next(anywhere);
  if (parsed.size === 0) return any ?? { find: () => undefined };
  const map = new CidrMap<Step<C>>();
  for (const { cidr, address, list } of parsed.values()) map.set(cidr, address, next(list));
  return {
    find(connection) {
      const ip = parseIp(addressOf(connection).ip);
      return ((ip === undefined ? undefined : map.get(ip)) ?? any)?.find(connection);
    },
  };
}

function byDestination<C>(candidates: readonly Candidate<C>[]): Step<C> {
  return byRange(
    candidates,
    (m) => m.prefix_ranges,
    (c) => c.local,
    byServerName,
  );
}

function byServerName<C>(candidates: readonly Candidate<C>[]): Step<C> {
  const names = steps(
    group(candidates, (m) => m.server_names.map((name) => name.toLowerCase())),
    byTransport,
  );
  const any = names.get('');
  if (names.size === 1 && any !== undefined) return any;
  return { find: (c) => (findName(names, c.requestedServerName) ?? any)?.find(c) };
}

/** Exact name first, then `*.` wildcards from the longest. */
function findName<S>(names: ReadonlyMap<string, S>, sni: string): S | undefined {
  if (sni === '') return undefined;
  const name = sni.toLowerCase();
  const exact = names.get(name);
  if (exact !== undefined) return exact;
  for (let dot = name.indexOf('.', 1); dot >= 0; dot = name.indexOf('.', dot + 1)) {
    const wildcard = names.get(`*${name.slice(dot)}`);
    if (wildcard !== undefined) return wildcard;
  }
  return undefined;
}

function byTransport<C>(candidates: readonly Candidate<C>[]): Step<C> {
  const protocols = steps(
    group(candidates, (m) => (m.transport_protocol === '' ? [] : [m.transport_protocol])),
    byApplication,
  );
  const any = protocols.get('');
  if (protocols.size === 1 && any !== undefined) return any;
  return { find: (c) => (protocols.get(c.transportProtocol) ?? any)?.find(c) };
}

function byApplication<C>(candidates: readonly Candidate<C>[]): Step<C> {
  const protocols = steps(
    group(candidates, (m) => m.application_protocols),
    byDirectSource,
  );
  const any = protocols.get('');
  if (protocols.size === 1 && any !== undefined) return any;
  return {
    find(connection) {
      for (const offered of connection.applicationProtocols) {
        const found = protocols.get(offered);
        if (found !== undefined) return found.find(connection);
      }
      return any?.find(connection);
    },
  };
}

function byDirectSource<C>(candidates: readonly Candidate<C>[]): Step<C> {
  return byRange(
    candidates,
    (m) => m.direct_source_prefix_ranges,
    (c) => c.directRemote,
    bySourceType,
  );
}

function bySourceType<C>(candidates: readonly Candidate<C>[]): Step<C> {
  const types = steps(
    group(candidates, (m) => [m.source_type]),
    bySource,
  );
  const any = types.get('ANY');
  const local = types.get('SAME_IP_OR_LOOPBACK');
  const external = types.get('EXTERNAL');
  if (local === undefined && external === undefined) return any ?? { find: () => undefined };
  return { find: (c) => ((isSameIpOrLoopback(c) ? local : external) ?? any)?.find(c) };
}

function isSameIpOrLoopback(connection: ConnectionFacts): boolean {
  const { ip } = connection.remote;
  return ip === '' || ip === connection.local.ip || ip === '::1' || ip.startsWith('127.');
}

function bySource<C>(candidates: readonly Candidate<C>[]): Step<C> {
  return byRange(
    candidates,
    (m) => m.source_prefix_ranges,
    (c) => c.remote,
    bySourcePort,
  );
}

function bySourcePort<C>(candidates: readonly Candidate<C>[]): Step<C> {
  const ports = new Map<string, C>();
  for (const candidate of candidates)
    for (const port of orNone(candidate.match.source_ports.map(String))) ports.set(port, candidate.value);
  const any = ports.get('');
  if (ports.size === 1 && any !== undefined) return { find: () => any };
  return { find: (c) => ports.get(String(c.remote.port)) ?? any };
}
