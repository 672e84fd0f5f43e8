import type { Issue } from '../base/issue.ts';
import { error } from '../base/issue.ts';
import type { Route, RouteConfiguration, VirtualHost } from '../xds/messages/route.ts';
import { ConfigFault, within } from './config-fault.ts';
import { DomainTable, withoutPort } from './domain-table.ts';
import { allHeaders, type RequestTest } from './header-match.ts';
import type { MatchContext, RequestView } from './request.ts';
import { compileRouteMatch, type RouteTest, routingPath } from './route-match.ts';

/** What a route table is filled with: the proxy puts its compiled actions in, the simulator the messages themselves. */
export interface RouteTableParts<V, R> {
  virtualHost(message: VirtualHost, index: number): V;
  /** May throw ConfigFault. */
  route(message: Route, virtualHost: V, index: number): R;
}

export interface RouteTableResult<V, R> {
  /** Undefined when there are issues. */
  readonly table: RouteTable<V, R> | undefined;
  readonly issues: readonly Issue[];
}

interface Entry<R> {
  readonly test: RouteTest;
  readonly value: R;
}

/** The routes of one virtual host in order; the first that matches is taken. */
export class VirtualHostTable<V, R> {
  readonly value: V;
  readonly #entries: readonly Entry<R>[];
  readonly #clusters: readonly { readonly name: string; readonly test: RequestTest }[];

  constructor(
    value: V,
    entries: readonly Entry<R>[],
    clusters: readonly { name: string; test: RequestTest }[],
  ) {
    this.value = value;
    this.#entries = entries;
    this.#clusters = clusters;
  }

  find(request: RequestView, path: string, context: MatchContext): R | undefined {
    const entries = this.#entries;
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i] as Entry<R>;
      if (entry.test.matches(request, path, context)) return entry.value;
    }
    return undefined;
  }

  /** Name of the first virtual cluster that matches; `other` when the host has some but none matches, '' when it has none. */
  virtualCluster(request: RequestView): string {
    if (this.#clusters.length === 0) return '';
    for (const cluster of this.#clusters) if (cluster.test(request)) return cluster.name;
    return 'other';
  }
}

/** A compiled RouteConfiguration. */
export class RouteTable<V, R> {
  readonly #domains: DomainTable<VirtualHostTable<V, R>>;
  readonly #ignorePort: boolean;
  readonly #hostHeader: string;
  readonly #ignoreParameters: boolean;

  constructor(domains: DomainTable<VirtualHostTable<V, R>>, config: RouteConfiguration) {
    this.#domains = domains;
    this.#ignorePort = config.ignore_port_in_host_matching;
    this.#hostHeader = config.vhost_header.toLowerCase();
    this.#ignoreParameters = config.ignore_path_parameters_in_path_matching;
  }

  /** The virtual host of a request, by its authority (or the header `vhost_header` names). */
  virtualHost(request: RequestView): VirtualHostTable<V, R> | undefined {
    const authority =
      this.#hostHeader === '' ? request.authority : (request.headers.get(this.#hostHeader) ?? '');
    if (authority === '' && this.#hostHeader !== '') return undefined;
    return this.#domains.find(this.#ignorePort ? withoutPort(authority) : authority);
  }

  find(request: RequestView, context: MatchContext): R | undefined {
    return this.virtualHost(request)?.find(request, this.path(request), context);
  }

  /** The path routes of this table are matched on. */
  path(request: RequestView): string {
    return routingPath(request.path, this.#ignoreParameters);
  }
}

/** Compiles a whole RouteConfiguration; faults come back as issues, all of them. */
export function compileRouteTable<V, R>(
  config: RouteConfiguration,
  parts: RouteTableParts<V, R>,
): RouteTableResult<V, R> {
  const issues: Issue[] = [];
  const attempt = <T>(path: string, compile: () => T): T | undefined => {
    try {
      return within(path, compile);
    } catch (thrown) {
      if (!(thrown instanceof ConfigFault)) throw thrown;
      issues.push(error('InvalidRoute', thrown.path, thrown.message));
      return undefined;
    }
  };
  const domains = new DomainTable<VirtualHostTable<V, R>>();
  config.virtual_hosts.forEach((message, i) => {
    const at = `virtual_hosts[${i}]`;
    const value = attempt(at, () => parts.virtualHost(message, i));
    if (value === undefined) return;
    const entries: Entry<R>[] = [];
    message.routes.forEach((route, j) => {
      const test = attempt(`${at}.routes[${j}].match`, () => compileRouteMatch(route.match));
      const compiled = attempt(`${at}.routes[${j}]`, () => parts.route(route, value, j));
      if (test !== undefined && compiled !== undefined) entries.push({ test, value: compiled });
    });
    const clusters = attempt(at, () => compileVirtualClusters(message)) ?? [];
    const table = new VirtualHostTable(value, entries, clusters);
    for (const domain of message.domains)
      if (!domains.add(domain, table))
        issues.push(error('Duplicate', `${at}.domains`, `the domain ${JSON.stringify(domain)} stands twice`));
  });
  return { table: issues.length > 0 ? undefined : new RouteTable(domains, config), issues };
}

function compileVirtualClusters(message: VirtualHost): { name: string; test: RequestTest }[] {
  return message.virtual_clusters.map((cluster, i) => ({
    name: cluster.name,
    test: within(`virtual_clusters[${i}]`, () => allHeaders(cluster.headers)) ?? (() => true),
  }));
}
