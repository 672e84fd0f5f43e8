import type { Exchange } from '../http/exchange.ts';
import type { RequestHead } from '../http/stream.ts';
import { callCluster } from '../upstream/calls.ts';
import type { MirrorPolicy, Route } from './route.ts';

/** Sends copies of a complete request where the route mirrors it; their answers are dropped and their failures only counted. */
export function sendShadows(
  exchange: Exchange,
  route: Route,
  head: RequestHead,
  body: readonly Buffer[],
): void {
  for (const mirror of route.mirrors) {
    if (mirror.fraction < 1 && exchange.config.random() >= mirror.fraction) continue;
    const name =
      mirror.clusterHeader === '' ? mirror.cluster : (head.headers.get(mirror.clusterHeader) ?? '');
    if (!exchange.config.clusters.has(name)) continue;
    const copy = {
      ...head,
      authority: shadowAuthority(head.authority, mirror),
      headers: head.headers.clone(),
    };
    const bytes = body.length === 0 ? undefined : Buffer.concat(body);
    callCluster(exchange.config.clusters, name, copy, bytes, { timeoutMs: route.timeoutMs || 15_000 }).catch(
      () => {},
    );
  }
}

function shadowAuthority(authority: string, mirror: MirrorPolicy): string {
  if (mirror.hostRewriteLiteral !== '') return mirror.hostRewriteLiteral;
  if (!mirror.appendShadowSuffix) return authority;
  const port = /:[0-9]+$/.exec(authority);
  return port === null ? `${authority}-shadow` : `${authority.slice(0, port.index)}-shadow${port[0]}`;
}
