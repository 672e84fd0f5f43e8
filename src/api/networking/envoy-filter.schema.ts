import {
  as,
  atMostOne,
  freeForm,
  int32,
  list,
  oneOfWords,
  record,
  rules,
  type Schema,
  text,
  textMap,
  uint32,
} from '../schema/schema.ts';
import { networkingSelector, onlyOneOf, targetRefs } from '../schema/selector.schema.ts';
import { realPort } from './port.schema.ts';

const subFilter = record('SubFilterMatch', 'A filter within the filter.', {
  name: text('Name of the HTTP filter.'),
});
const filter = record('FilterMatch', 'A network filter of the chain.', {
  name: text('Name of the filter.'),
  subFilter: as(subFilter, 'An HTTP filter of the connection manager.'),
});

const listener = record('ListenerMatch', 'A listener and a part of it.', {
  portNumber: uint32('Port of the listener.'),
  portName: text('Not used.'),
  filterChain: record('FilterChainMatch', 'A filter chain of the listener.', {
    name: text('Name of the chain.'),
    sni: text('Server name the chain matches.'),
    transportProtocol: text('Transport protocol the chain matches: `tls`, `raw_buffer`.'),
    applicationProtocols: text('ALPN protocols the chain matches, separated by commas.'),
    filter,
    destinationPort: uint32('Destination port the chain matches.'),
  }),
  listenerFilter: text('Name of a listener filter.'),
  name: text('Name of the listener.'),
});

const routeConfiguration = record('RouteConfigurationMatch', 'A route configuration and a part of it.', {
  portNumber: uint32('Port the routes serve.'),
  portName: text('Name of the gateway port.'),
  gateway: text('Gateway, as `namespace/name`.'),
  vhost: record('VirtualHostMatch', 'A virtual host.', {
    name: text('Name of the virtual host: `reviews.default.svc.cluster.local:9080`.'),
    domainName: text('A domain of the virtual host.'),
    route: record('RouteMatch', 'A route of the virtual host.', {
      name: text('Name of the route.'),
      action: oneOfWords('Kind of the route.', ['ANY', 'ROUTE', 'REDIRECT', 'DIRECT_RESPONSE'], {
        fallback: 'ANY',
      }),
    }),
  }),
  name: text('Name of the route configuration.'),
});

const cluster = record('ClusterMatch', 'A cluster.', {
  portNumber: uint32('Port of the service.'),
  service: text('Full name of the service.'),
  subset: text('Name of the subset.'),
  name: text('Name of the cluster.'),
});

const waypoint = record('WaypointMatch', 'A part of a waypoint.', {
  portNumber: uint32('Port of the service.', realPort),
  filter,
  route: record('WaypointRouteMatch', 'A route.', { name: text('Name of the route.') }),
});

const objectMatch = record(
  'EnvoyConfigObjectMatch',
  'Which generated resources are patched.',
  {
    context: oneOfWords(
      'Where the resource is used.',
      ['ANY', 'SIDECAR_INBOUND', 'SIDECAR_OUTBOUND', 'GATEWAY', 'WAYPOINT'],
      { fallback: 'ANY' },
    ),
    proxy: record('ProxyMatch', 'Which proxies are patched.', {
      proxyVersion: text('RE2 expression for the version of the proxy.'),
      metadata: textMap('Node metadata a proxy must have.'),
    }),
    listener,
    routeConfiguration,
    cluster,
    waypoint,
  },
  {
    ...atMostOne(['listener', 'routeConfiguration', 'cluster', 'waypoint']),
    ...rules([
      'has(self.context) && self.context == "WAYPOINT" ? has(self.waypoint) : !has(self.waypoint)',
      'waypoint goes with context WAYPOINT, and only with it',
    ]),
  },
);

const patch = record('EnvoyPatch', 'What is done.', {
  operation: oneOfWords(
    'MERGE joins value into the resource; ADD, INSERT_BEFORE, INSERT_AFTER and INSERT_FIRST add it; REPLACE puts it in place of a filter or chain; REMOVE takes the resource away; MERGE_AND_REPLACE_LIST merges, lists being replaced.',
    [
      'INVALID',
      'MERGE',
      'ADD',
      'REMOVE',
      'INSERT_BEFORE',
      'INSERT_AFTER',
      'INSERT_FIRST',
      'REPLACE',
      'MERGE_AND_REPLACE_LIST',
    ],
  ),
  value: freeForm('The Envoy resource or a part of it, in proto3 JSON.'),
  filterClass: oneOfWords('Place of an added filter among the built-in ones.', [
    'UNSPECIFIED',
    'AUTHN',
    'AUTHZ',
    'STATS',
  ]),
});

const configPatch = record('EnvoyConfigObjectPatch', 'One patch.', {
  applyTo: oneOfWords('Kind of resource that is patched.', [
    'INVALID',
    'LISTENER',
    'FILTER_CHAIN',
    'NETWORK_FILTER',
    'HTTP_FILTER',
    'ROUTE_CONFIGURATION',
    'VIRTUAL_HOST',
    'HTTP_ROUTE',
    'CLUSTER',
    'EXTENSION_CONFIG',
    'BOOTSTRAP',
    'LISTENER_FILTER',
  ]),
  match: objectMatch,
  patch,
});

export const envoyFilter: Schema = record(
  'EnvoyFilterSpec',
  'Patches of the generated Envoy configuration. A last resort: generated configuration changes between versions.',
  {
    workloadSelector: as(networkingSelector, 'Workloads this applies to.', {
      fallback: 'all of the namespace; in the root namespace, all of the mesh',
    }),
    targetRefs,
    configPatches: list(configPatch, 'Patches, done in this order.'),
    priority: int32('Order among EnvoyFilters: lower first, then the root namespace, then age.', {
      fallback: '0',
    }),
  },
  rules(onlyOneOf('workloadSelector', 'targetRefs')),
);
