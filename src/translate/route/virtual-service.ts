import type { HttpMatch, HttpRoute, View, VirtualService } from '../../mesh/index.ts';
import { sourceMatches } from '../../mesh/index.ts';
import { parseClusterName } from '../../xds/names.ts';
import { corsFilter, routeCors } from '../filters/cors.ts';
import { faultFilter, routeFault } from '../filters/fault.ts';
import { configPath } from '../telemetry.ts';
import type { Json } from '../typed.ts';
import { compact } from '../typed.ts';
import { directResponse, redirectAction, routeAction } from './action.ts';
import { isCatchAll, routeMatch } from './match.ts';

/** From where the routes of a VirtualService are looked at. */
export interface RouteContext {
  readonly view: View;
  readonly listenPort: number;
  /** `mesh`, or the `namespace/name` of the gateways the listener belongs to. */
  readonly gateways: ReadonlySet<string>;
  readonly isTls: boolean;
}

/**
 * The routes of a VirtualService on one port, in the user's order, each match block a route of its own; nothing follows a route
 * that takes everything (Istio: route.BuildHTTPRoutesForVirtualService).
 */
export function virtualServiceRoutes(rule: VirtualService, context: RouteContext): Json[] {
  const routes: Json[] = [];
  for (const http of rule.http) {
    const matches: readonly (HttpMatch | undefined)[] = http.match?.length ? http.match : [undefined];
    for (const match of matches) {
      if (!applies(match, context)) continue;
      const route = buildRoute(rule, http, match, context);
      routes.push(route);
      if (isCatchAll(route['match'] as Json)) return routes;
    }
  }
  return routes;
}

function applies(match: HttpMatch | undefined, context: RouteContext): boolean {
  if (match === undefined) return true;
  if (match.port && match.port !== context.listenPort) return false;
  return sourceMatches(match, context.view, context.gateways);
}

function buildRoute(
  rule: VirtualService,
  http: HttpRoute,
  match: HttpMatch | undefined,
  context: RouteContext,
): Json {
  const name = match?.name ? `${http.name ?? ''}.${match.name}` : http.name;
  const translated = routeMatch(match);
  const target = routeTarget(http, context);
  const perFilter = compact({
    [faultFilter]: http.fault && routeFault(http.fault),
    [corsFilter]: http.corsPolicy && routeCors(http.corsPolicy),
  });
  return compact({
    name: name || undefined,
    match: translated,
    ...target.fields,
    ...target.headers,
    stat_prefix: match?.statPrefix || undefined,
    decorator: { operation: operation(rule, translated, target.fields, context.listenPort) },
    metadata: { filter_metadata: { istio: { config: configPath(rule.ref) } } },
    typed_per_filter_config: Object.keys(perFilter).length === 0 ? undefined : perFilter,
  });
}

function routeTarget(http: HttpRoute, context: RouteContext): { fields: Json; headers: Json } {
  const { view, listenPort, isTls } = context;
  if (http.redirect)
    return { fields: { redirect: redirectAction(http.redirect, listenPort, isTls) }, headers: {} };
  if (http.directResponse) {
    const { headers } = routeAction(view, { ...http, route: [] }, listenPort);
    return { fields: { direct_response: directResponse(http.directResponse) }, headers };
  }
  const { action, headers } = routeAction(view, http, listenPort);
  return { fields: { route: action }, headers };
}

/** What traces call the route: `host:port/path` for one destination, the VirtualService's name for several. */
function operation(rule: VirtualService, match: Json, target: Json, port: number): string {
  const path =
    match['path'] ??
    (match['safe_regex'] as { regex?: string } | undefined)?.regex ??
    `${match['prefix'] === undefined ? '/' : match['prefix']}*`;
  const cluster = (target['route'] as Json | undefined)?.['cluster'];
  const key = typeof cluster === 'string' ? parseClusterName(cluster) : undefined;
  return key === undefined ? `${rule.ref.name}:${port}${path}` : `${key.host}:${key.port}${path}`;
}
