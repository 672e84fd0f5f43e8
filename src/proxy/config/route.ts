import type { Issue } from '../../base/issue.ts';
import { ConfigFault, within } from '../../match/config-fault.ts';
import { share } from '../../match/fraction.ts';
import { compileRouteTable } from '../../match/route-table.ts';
import { compileSubstitution } from '../../match/string-match.ts';
import type { Metadata } from '../../xds/messages/core.ts';
import type {
  RouteAction,
  RouteConfiguration,
  Route as RouteMessage,
  VirtualHost,
  WeightedCluster,
} from '../../xds/messages/route.ts';
import type { FilterEnvironment } from '../http/filter.ts';
import type {
  HostRewrite,
  InternalRedirectPolicy,
  MirrorPolicy,
  Route,
  RouteTable,
  UpgradeRule,
  WeightedChoice,
} from '../router/route.ts';
import type { CompileContext } from './compile-context.ts';
import { readDataSource } from './data-source.ts';
import { compileHashPolicies } from './hash-policy.ts';
import { compileMutations, type MutationLevel, wire } from './header-mutation.ts';
import { compilePathRewrite, compileRedirect } from './path-rewrite.ts';
import { compileRetryPolicy } from './retry-policy.ts';
import { compileRouteFilters, type FilterConfigs, mergeFilterConfigs } from './route-filters.ts';

interface HostParts {
  readonly message: VirtualHost;
  readonly filters: FilterConfigs;
}

/** Compiles a RouteConfiguration. Faults of users come back as issues. */
export function compileRoutes(
  config: RouteConfiguration,
  ctx: CompileContext,
  env: FilterEnvironment,
): { readonly table: RouteTable | undefined; readonly issues: readonly Issue[] } {
  const configFilters = compileRouteFilters(config.typed_per_filter_config, env);
  const { table, issues } = compileRouteTable<HostParts, Route>(config, {
    virtualHost: (message) => ({
      message,
      filters: compileRouteFilters(message.typed_per_filter_config, env),
    }),
    route: (message, host) => new RouteCompiler(config, host, message, configFilters, ctx, env).compile(),
  });
  if (table === undefined) return { table: undefined, issues };
  return { table: { name: config.name, match: (head, context) => table.find(head, context) }, issues };
}

class RouteCompiler {
  readonly #config: RouteConfiguration;
  readonly #host: VirtualHost;
  readonly #hostFilters: FilterConfigs;
  readonly #route: RouteMessage;
  readonly #configFilters: FilterConfigs;
  readonly #env: FilterEnvironment;

  constructor(
    config: RouteConfiguration,
    host: HostParts,
    route: RouteMessage,
    configFilters: FilterConfigs,
    _ctx: CompileContext,
    env: FilterEnvironment,
  ) {
    this.#config = config;
    this.#host = host.message;
    this.#hostFilters = host.filters;
    this.#route = route;
    this.#configFilters = configFilters;
    this.#env = env;
  }

  compile(): Route {
    const message = this.#route;
    const routeFilters = within('typed_per_filter_config', () =>
      compileRouteFilters(message.typed_per_filter_config, this.#env),
    );
    const base = this.#base([this.#configFilters, this.#hostFilters, routeFilters], []);
    const action = message.route;
    if (message.direct_response !== undefined) {
      const { status, body, body_format } = message.direct_response;
      if (body_format !== undefined)
        throw new ConfigFault('direct_response.body_format', 'body_format is not supported');
      const bytes =
        body === undefined ? undefined : within('direct_response.body', () => readDataSource(body));
      if (bytes !== undefined && bytes.length > this.#config.max_direct_response_body_size_bytes) {
        throw new ConfigFault(
          'direct_response.body',
          `response body size is ${bytes.length} bytes; maximum is ${this.#config.max_direct_response_body_size_bytes}`,
        );
      }
      return { ...base, kind: 'direct', direct: { status, body: bytes } };
    }
    if (message.redirect !== undefined) {
      return { ...base, kind: 'redirect', redirect: compileRedirect(message, message.redirect) };
    }
    if (action === undefined) return { ...base, kind: 'none', direct: { status: 404, body: undefined } };
    const forward = within('route', () => ({ ...base, ...this.#forward(action) }));
    if (action.weighted_clusters === undefined) return forward;
    return { ...forward, weighted: this.#weighted(forward, action.weighted_clusters, routeFilters) };
  }

  /** Everything that does not depend on the action. */
  #base(filters: readonly FilterConfigs[], weighted: readonly MutationLevel[]): Route {
    const message = this.#route;
    const host = this.#host;
    return {
      kind: 'forward',
      name: message.name,
      virtualHostName: host.name,
      routeConfigName: this.#config.name,
      clusterName: '',
      clusterHeader: '',
      weighted: undefined,
      metadata: message.metadata?.filter_metadata ?? {},
      metadataMatch: undefined,
      rateLimits: message.route?.rate_limits ?? [],
      virtualHostRateLimits: host.rate_limits,
      includeVirtualHostRateLimits: message.route?.include_vh_rate_limits ?? false,
      timeoutMs: 0,
      idleTimeoutMs: undefined,
      maxStreamDurationMs: undefined,
      grpcTimeoutMaxMs: undefined,
      grpcTimeoutOffsetMs: 0,
      retry: undefined,
      mirrors: [],
      hash: undefined,
      rewrite: undefined,
      hostRewrite: undefined,
      mutateRequest: this.#mutations('request', weighted),
      mutateResponse: this.#mutations('response', weighted),
      priority: 0,
      upgrades: undefined,
      redirect: undefined,
      direct: undefined,
      clusterNotFoundStatus: 503,
      requireTls:
        host.require_tls === 'ALL' ? 'all' : host.require_tls === 'EXTERNAL_ONLY' ? 'external-only' : 'none',
      includeAttemptCount: host.include_request_attempt_count,
      includeAttemptCountInResponse: host.include_attempt_count_in_response,
      bufferLimitBytes:
        message.request_body_buffer_limit ??
        message.per_request_buffer_limit_bytes ??
        host.request_body_buffer_limit ??
        host.per_request_buffer_limit_bytes,
      internalRedirect: undefined,
      decorator: message.decorator,
      filterConfigs: mergeFilterConfigs(filters),
      internalOnlyHeaders: this.#config.internal_only_headers.map((name) => name.toLowerCase()),
    };
  }

  #mutations(side: 'request' | 'response', weighted: readonly MutationLevel[]) {
    const level = (
      source: {
        readonly [K in `${typeof side}_headers_to_add`]: MutationLevel['add'];
      } & { readonly [K in `${typeof side}_headers_to_remove`]: readonly string[] },
      path: string,
    ): MutationLevel => ({
      add: source[`${side}_headers_to_add`],
      remove: source[`${side}_headers_to_remove`],
      path: `${path}${side}_headers_to_add`,
    });
    const levels = [
      ...weighted,
      level(this.#route, ''),
      level(this.#host, 'virtual host '),
      level(this.#config, 'route configuration '),
    ];
    return compileMutations(this.#config.most_specific_header_mutations_wins ? levels.toReversed() : levels);
  }

  #forward(action: RouteAction): Partial<Route> {
    const route = this.#route;
    const host = this.#host;
    const duration = action.max_stream_duration;
    return {
      clusterName: action.cluster ?? '',
      clusterHeader: (action.cluster_header ?? '').toLowerCase(),
      metadataMatch: metadataMatch(action.metadata_match),
      timeoutMs: action.timeout,
      idleTimeoutMs: action.idle_timeout,
      maxStreamDurationMs: duration?.max_stream_duration,
      grpcTimeoutMaxMs: duration?.grpc_timeout_header_max ?? action.max_grpc_timeout,
      grpcTimeoutOffsetMs: duration?.grpc_timeout_header_offset ?? action.grpc_timeout_offset ?? 0,
      retry: within('retry_policy', () => compileRetryPolicy(action.retry_policy ?? host.retry_policy)),
      mirrors: this.#mirrors(action),
      hash: compileHashPolicies(action.hash_policy),
      rewrite: compilePathRewrite(route, action),
      hostRewrite: hostRewrite(action),
      priority: action.priority === 'HIGH' ? 1 : 0,
      upgrades: upgrades(action),
      clusterNotFoundStatus: notFoundStatus[action.cluster_not_found_response_code],
      internalRedirect: internalRedirect(action),
    };
  }

  #mirrors(action: RouteAction): MirrorPolicy[] {
    const policies =
      action.request_mirror_policies.length > 0
        ? action.request_mirror_policies
        : this.#host.request_mirror_policies.length > 0
          ? this.#host.request_mirror_policies
          : this.#config.request_mirror_policies;
    return policies.map((policy) => ({
      cluster: policy.cluster,
      clusterHeader: policy.cluster_header.toLowerCase(),
      fraction: policy.runtime_fraction === undefined ? 1 : share(policy.runtime_fraction.default_value),
      runtimeKey: policy.runtime_fraction?.runtime_key ?? '',
      appendShadowSuffix: !policy.disable_shadow_host_suffix_append,
      hostRewriteLiteral: policy.host_rewrite_literal,
    }));
  }

  #weighted(forward: Route, config: WeightedCluster, routeFilters: FilterConfigs): WeightedChoice {
    const entries = config.clusters.map((cluster, i) => {
      const path = `route.weighted_clusters.clusters[${i}]`;
      const filters = within(path, () => compileRouteFilters(cluster.typed_per_filter_config, this.#env));
      const own = within(path, () =>
        this.#base([this.#configFilters, this.#hostFilters, routeFilters, filters], []),
      );
      const level = (side: 'request' | 'response'): MutationLevel => ({
        add: cluster[`${side}_headers_to_add`],
        remove: cluster[`${side}_headers_to_remove`],
        path: `${path}.${side}_headers_to_add`,
      });
      const route: Route = {
        ...forward,
        clusterName: cluster.name,
        clusterHeader: cluster.cluster_header.toLowerCase(),
        metadataMatch: metadataMatch(cluster.metadata_match) ?? forward.metadataMatch,
        filterConfigs: own.filterConfigs,
        mutateRequest: this.#mutations('request', [level('request')]),
        mutateResponse: this.#mutations('response', [level('response')]),
        hostRewrite:
          cluster.host_rewrite_literal === undefined
            ? forward.hostRewrite
            : literalRewrite(
                cluster.host_rewrite_literal,
                forward.hostRewrite?.appendXForwardedHost ?? false,
              ),
      };
      return { weight: cluster.weight, route };
    });
    return pickByWeight(entries, config.header_name?.toLowerCase());
  }
}

function pickByWeight(
  entries: readonly { readonly weight: number; readonly route: Route }[],
  header: string | undefined,
): WeightedChoice {
  const used = entries.filter((entry) => entry.weight > 0);
  const total = used.reduce((sum, entry) => sum + entry.weight, 0);
  return {
    pick(random, head) {
      const named = header === undefined ? undefined : Number(head.headers.get(header) ?? Number.NaN);
      let rest = (named !== undefined && Number.isInteger(named) && named >= 0 ? named : random) % total;
      for (const { weight, route } of used) {
        if (rest < weight) return route;
        rest -= weight;
      }
      return (used.at(-1) as { route: Route }).route;
    },
  };
}

function metadataMatch(metadata: Metadata | undefined): Route['metadataMatch'] {
  const wanted = metadata?.filter_metadata['envoy.lb'];
  if (wanted === undefined) return undefined;
  return Object.entries(wanted).sort(([a], [b]) => (a < b ? -1 : 1));
}

function literalRewrite(value: string, append: boolean): HostRewrite {
  return { kind: 'literal', value: wire(value), fromPath: undefined, appendXForwardedHost: append };
}

function hostRewrite(action: RouteAction): HostRewrite | undefined {
  const append = action.append_x_forwarded_host;
  const literal = action.host_rewrite_literal ?? action.host_rewrite;
  if (literal !== undefined) return literalRewrite(literal, append);
  if (action.auto_host_rewrite === true)
    return { kind: 'auto', value: '', fromPath: undefined, appendXForwardedHost: append };
  if (action.host_rewrite_header !== undefined) {
    return {
      kind: 'header',
      value: action.host_rewrite_header.toLowerCase(),
      fromPath: undefined,
      appendXForwardedHost: append,
    };
  }
  if (action.host_rewrite_path_regex === undefined) return undefined;
  const substitute = compileSubstitution(action.host_rewrite_path_regex);
  return {
    kind: 'path-regex',
    value: '',
    fromPath: (path) => substitute(path.replace(/\?.*$/s, '')),
    appendXForwardedHost: append,
  };
}

function upgrades(action: RouteAction): ReadonlyMap<string, UpgradeRule> | undefined {
  if (action.upgrade_configs.length === 0) return undefined;
  if (action.upgrade_configs.some((config) => config.connect_config !== undefined)) {
    throw new ConfigFault(
      'upgrade_configs',
      'CONNECT cannot be terminated yet: connect_config is not supported',
    );
  }
  return new Map(
    action.upgrade_configs.map((config) => {
      const proxy = config.connect_config?.proxy_protocol_config;
      return [
        config.upgrade_type.toLowerCase(),
        {
          enabled: config.enabled,
          terminateConnect: config.connect_config !== undefined,
          proxyProtocol: proxy === undefined ? undefined : proxy.version === 'V2' ? 'v2' : 'v1',
        },
      ];
    }),
  );
}

function internalRedirect(action: RouteAction): InternalRedirectPolicy | undefined {
  const policy = action.internal_redirect_policy;
  if (policy === undefined) return undefined;
  throw new ConfigFault('internal_redirect_policy', 'internal redirects are not supported');
}

const notFoundStatus = { SERVICE_UNAVAILABLE: 503, NOT_FOUND: 404, INTERNAL_SERVER_ERROR: 500 } as const;
