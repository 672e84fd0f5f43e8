import type { HostSet, LocalityHosts } from '../upstream/host.ts';

/** A share between 0 and 1. */
export type FractionalShare = number;

/**
 * Zone-aware routing of one priority: requests stay in the proxy's own zone as far as that zone has its share of the upstream hosts;
 * the rest goes to the other zones in proportion to what they have left over. Undefined when the zones cannot be compared (one zone, too
 * few hosts, a zone without callers), and then zones are not looked at.
 */
export interface ZoneRouting {
  /** Chance to stay in the local zone. */
  readonly localShare: number;
  readonly local: LocalityHosts;
  /** Other zones with their share of what leaves the local one, cumulative up to 1. */
  readonly others: readonly { readonly locality: LocalityHosts; readonly upTo: number }[];
}

export interface LocalZone {
  readonly zone: string;
  readonly region: string;
  readonly subZone: string;
  readonly hosts: { readonly sets: readonly HostSet[] };
}

export function zoneRouting(
  upstream: HostSet,
  local: LocalZone,
  minClusterSize: number,
): ZoneRouting | undefined {
  const own = upstream.localities.find((l) => sameZone(l, local));
  const callers = local.hosts.sets[0];
  if (own === undefined || callers === undefined || own.healthy.length === 0) return undefined;
  if (upstream.localities.length < 2 || upstream.healthy.length < minClusterSize) return undefined;
  const callerTotal = callers.healthy.length;
  if (callerTotal === 0) return undefined;
  const callerShare = (zone: LocalityHosts) =>
    (callers.localities.find((l) => sameAs(l, zone))?.healthy.length ?? 0) / callerTotal;
  const upstreamShare = (zone: LocalityHosts) => zone.healthy.length / upstream.healthy.length;
  const ownCallers = callerShare(own);
  if (ownCallers === 0) return undefined;
  const localShare = Math.min(1, upstreamShare(own) / ownCallers);
  const spare = upstream.localities
    .filter((zone) => zone !== own)
    .map((zone) => ({ locality: zone, spare: Math.max(0, upstreamShare(zone) - callerShare(zone)) }));
  const total = spare.reduce((sum, zone) => sum + zone.spare, 0);
  let reached = 0;
  const others = spare.map(({ locality, spare: left }) => {
    reached += total === 0 ? 1 / spare.length : left / total;
    return { locality, upTo: reached };
  });
  return { localShare, local: own, others };
}

/** The zone of one request. */
export function chooseZone(routing: ZoneRouting, random: () => number): LocalityHosts {
  if (routing.localShare >= 1 || random() < routing.localShare) return routing.local;
  const at = random();
  return (routing.others.find((zone) => at < zone.upTo) ?? routing.others.at(-1))?.locality ?? routing.local;
}

function sameZone(hosts: LocalityHosts, local: LocalZone): boolean {
  return (
    hosts.locality.zone === local.zone &&
    hosts.locality.region === local.region &&
    hosts.locality.subZone === local.subZone
  );
}

function sameAs(a: LocalityHosts, b: LocalityHosts): boolean {
  return (
    a.locality.zone === b.locality.zone &&
    a.locality.region === b.locality.region &&
    a.locality.subZone === b.locality.subZone
  );
}
