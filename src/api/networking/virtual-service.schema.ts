import { as, int32, list, record, type Schema, text, textMap, texts, uint32 } from '../schema/schema.ts';
import { destination } from './destination.schema.ts';
import { httpRoute } from './http-route.schema.ts';

const routeDestination = record(
  'RouteDestination',
  'A destination and its share of the connections.',
  {
    destination: as(destination, 'Where connections go.'),
    weight: int32('Share relative to the sum of all weights of the route. A lone destination needs none.', {
      fallback: '0; a lone destination gets everything',
    }),
  },
  { required: ['destination'] },
);

const l4Fields = {
  destinationSubnets: texts('IPv4 or IPv6 addresses of the destination, with optional subnet: `10.0.0.0/8`.'),
  port: uint32('Port of the host that is addressed.'),
  sourceLabels: textMap('Labels of the workloads the rule applies to; ignored when gateways are named here.'),
  gateways: texts('Gateways the rule applies to; overrides the list of the VirtualService.'),
  sourceNamespace: text('Namespace of the workloads the rule applies to.'),
};

const tlsMatch = record(
  'TLSMatchAttributes',
  'What a TLS connection must look like; all given parts must hold.',
  {
    sniHosts: texts(
      'Server names; `*.example.com` matches any depth below. Must be within the hosts of the VirtualService.',
    ),
    ...l4Fields,
  },
  { required: ['sniHosts'] },
);

const tlsRoute = record(
  'TLSRoute',
  'Routes unterminated TLS by server name.',
  {
    match: list(tlsMatch, 'Conditions of which at least one must hold.'),
    route: list(routeDestination, 'Destinations of the connection.'),
  },
  { required: ['match'] },
);

const tcpMatch = record(
  'L4MatchAttributes',
  'What a TCP connection must look like; all given parts must hold.',
  {
    ...l4Fields,
    sourceSubnet: text('Address or subnet of the caller. Without effect today.'),
  },
);

const tcpRoute = record('TCPRoute', 'Routes connections by address and port.', {
  match: list(tcpMatch, 'Conditions of which at least one must hold; none means all connections.'),
  route: list(routeDestination, 'Destinations of the connection.'),
});

export const virtualService: Schema = record(
  'VirtualServiceSpec',
  'Routes requests that are sent to a set of hosts.',
  {
    hosts: texts(
      'Names requests are addressed to: DNS names, with `*` as first label at most, or IP addresses at gateways. Short names are completed with the namespace of this object. Left out in a delegate.',
    ),
    gateways: texts(
      'Where the routes apply: names of Gateway objects, as `name` or `namespace/name`, and the word `mesh` for all sidecars.',
      { fallback: 'mesh' },
    ),
    http: list(httpRoute, 'Routes for HTTP, HTTP/2 and gRPC; the first that matches is used.'),
    tls: list(tlsRoute, 'Routes for TLS that is passed through; the first that matches is used.'),
    tcp: list(
      tcpRoute,
      'Routes for everything that is neither HTTP nor TLS; the first that matches is used.',
    ),
    exportTo: texts('Namespaces that see this object: `.` its own, `*` all, or names.', {
      fallback: '*, or defaultVirtualServiceExportTo of the mesh',
    }),
  },
);
