import { parseDuration, protoDuration } from '../../base/duration.ts';
import type {
  ConsistentHash,
  Destination,
  HttpRedirect,
  HttpRoute,
  Percent,
  View,
} from '../../mesh/index.ts';
import { destinationRuleFor } from '../../mesh/index.ts';
import { outboundCluster } from '../../xds/names.ts';
import { perMillion } from '../filters/fault.ts';
import type { Json } from '../typed.ts';
import { compact } from '../typed.ts';
import { headerOperations, joinOperations } from './headers.ts';
import { retryPolicy } from './retry.ts';

/** Cluster of a destination. Without a port of its own: the service's only port, else the port the client called. */
export function destinationCluster(view: View, destination: Destination, listenPort: number): string {
  const service = view.services.get(destination.host);
  const only = service?.ports.length === 1 ? service.ports[0]?.number : undefined;
  return outboundCluster(
    destination.host,
    destination.port?.number ?? only ?? listenPort,
    destination.subset,
  );
}

/** `route` of a Route with the header changes that go beside it (Istio: route.applyHTTPRouteDestination). */
export function routeAction(
  view: View,
  route: HttpRoute,
  listenPort: number,
): { readonly action: Json; readonly headers: Json } {
  const own = headerOperations(route.headers);
  const destinations = route.route ?? [];
  const used =
    destinations.length > 1 ? destinations.filter((entry) => (entry.weight ?? 0) > 0) : destinations;
  const timeout = protoDuration(
    (route.timeout === undefined ? undefined : parseDuration(route.timeout)) ?? 0,
  );
  const hashes = used.map((entry) => hashPolicy(consistentHash(view, entry.destination, listenPort)));
  const only = destinations.length === 1 ? destinations[0] : undefined;
  const onlyOperations = headerOperations(only?.headers);
  const authority = route.rewrite?.authority || own.authority || onlyOperations.authority;
  const hash_policy = hashes.filter((policy) => policy !== undefined);
  const mirrors = mirrorPolicies(view, route, listenPort);
  const action = compact({
    ...(only !== undefined
      ? { cluster: destinationCluster(view, only.destination, listenPort) }
      : { weighted_clusters: { clusters: used.map((entry) => weightedCluster(view, entry, listenPort)) } }),
    timeout,
    max_grpc_timeout: timeout,
    ...rewrite(route),
    host_rewrite_literal: authority || undefined,
    request_mirror_policies: mirrors.length === 0 ? undefined : mirrors,
    hash_policy: hash_policy.length === 0 ? undefined : hash_policy,
    retry_policy: retryPolicy(
      route.retries ?? view.mesh.config.defaultHttpRetryPolicy,
      only !== undefined && hash_policy.length > 0,
    ),
  });
  return { action, headers: joinOperations(own.fields, onlyOperations.fields) };
}

function weightedCluster(
  view: View,
  entry: NonNullable<HttpRoute['route']>[number],
  listenPort: number,
): Json {
  const { fields, authority } = headerOperations(entry.headers);
  return compact({
    name: destinationCluster(view, entry.destination, listenPort),
    weight: entry.weight ?? 0,
    ...fields,
    host_rewrite_literal: authority || undefined,
  });
}

function rewrite(route: HttpRoute): Record<string, unknown> {
  const regex = route.rewrite?.uriRegexRewrite;
  if (regex !== undefined) {
    return { regex_rewrite: { pattern: { regex: regex.match ?? '' }, substitution: regex.rewrite ?? '' } };
  }
  return route.rewrite?.uri ? { prefix_rewrite: route.rewrite.uri } : {};
}

function mirrorPolicies(view: View, route: HttpRoute, listenPort: number): Json[] {
  const single =
    route.mirror === undefined ? [] : [{ destination: route.mirror, fraction: singleFraction(route) }];
  const several = (route.mirrors ?? []).map((mirror) => ({
    destination: mirror.destination,
    fraction: fractionOf(mirror.percentage),
  }));
  return [...single, ...several].flatMap(({ destination, fraction }) =>
    destination === undefined || fraction === undefined
      ? []
      : [
          {
            cluster: destinationCluster(view, destination, listenPort),
            runtime_fraction: { default_value: fraction },
            trace_sampled: false,
            disable_shadow_host_suffix_append: true,
          },
        ],
  );
}

const everything: Json = { numerator: 100, denominator: 'HUNDRED' };

/** Without a percentage everything is mirrored; with 0 nothing. */
function fractionOf(percentage: Percent | undefined): Json | undefined {
  if (percentage === undefined) return everything;
  return (percentage.value ?? 0) > 0 ? perMillion(percentage) : undefined;
}

function singleFraction(route: HttpRoute): Json | undefined {
  if (route.mirrorPercentage === undefined && route.mirrorPercent !== undefined) {
    return route.mirrorPercent > 0 ? { numerator: route.mirrorPercent, denominator: 'HUNDRED' } : undefined;
  }
  return fractionOf(route.mirrorPercentage);
}

/** The hash policy that the destination's DestinationRule asks for. */
export function consistentHash(
  view: View,
  destination: Destination,
  listenPort: number,
): ConsistentHash | undefined {
  const service = view.services.get(destination.host);
  const rule = service === undefined ? undefined : destinationRuleFor(view, service)?.spec;
  if (rule === undefined) return undefined;
  const port =
    destination.port?.number ?? (service?.ports.length === 1 ? service.ports[0]?.number : listenPort);
  const subset = rule.subsets?.find(({ name }) => name === destination.subset)?.trafficPolicy;
  for (const policy of [subset, rule.trafficPolicy]) {
    const level = policy?.portLevelSettings?.find((setting) => setting.port?.number === port);
    const chosen = level?.loadBalancer ?? policy?.loadBalancer;
    if (chosen !== undefined) return chosen.consistentHash;
  }
  return undefined;
}

export function hashPolicy(hash: ConsistentHash | undefined): Json | undefined {
  if (hash?.httpHeaderName) return { header: { header_name: hash.httpHeaderName } };
  if (hash?.httpCookie) {
    const ttl = hash.httpCookie.ttl === undefined ? undefined : parseDuration(hash.httpCookie.ttl);
    return {
      cookie: compact({
        name: hash.httpCookie.name,
        path: hash.httpCookie.path || undefined,
        ttl: ttl === undefined ? undefined : protoDuration(ttl),
      }),
    };
  }
  if (hash?.useSourceIp) return { connection_properties: { source_ip: true } };
  if (hash?.httpQueryParameterName) return { query_parameter: { name: hash.httpQueryParameterName } };
  return undefined;
}

const redirectCodes: Readonly<Record<number, string>> = {
  301: 'MOVED_PERMANENTLY',
  302: 'FOUND',
  303: 'SEE_OTHER',
  307: 'TEMPORARY_REDIRECT',
  308: 'PERMANENT_REDIRECT',
};

export function redirectAction(redirect: HttpRedirect, listenPort: number, isTls: boolean): Json {
  const scheme = redirect.scheme || (isTls ? 'https' : 'http');
  const port = redirect.port ?? (redirect.derivePort === 'FROM_REQUEST_PORT' ? listenPort : undefined);
  const implied = (port === 80 && scheme === 'http') || (port === 443 && scheme === 'https');
  return compact({
    host_redirect: redirect.authority || undefined,
    ...(redirect.prefixRewrite
      ? { prefix_rewrite: redirect.prefixRewrite }
      : { path_redirect: redirect.uri || undefined }),
    scheme_redirect: redirect.scheme || undefined,
    port_redirect: port === undefined || implied ? undefined : port,
    response_code: redirectCodes[redirect.redirectCode || 301],
  });
}

export function directResponse(response: NonNullable<HttpRoute['directResponse']>): Json {
  const body =
    response.body?.string !== undefined
      ? { inline_string: response.body.string }
      : response.body?.bytes !== undefined
        ? { inline_bytes: response.body.bytes }
        : undefined;
  return compact({ status: response.status, body });
}
