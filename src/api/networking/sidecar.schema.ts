import { as, list, oneOfWords, record, type Schema, text, texts } from '../schema/schema.ts';
import { networkingSelector } from '../schema/selector.schema.ts';
import { connectionPool } from './connection-pool.schema.ts';
import { destination } from './destination.schema.ts';
import { serverTls } from './gateway.schema.ts';
import { listenerPort } from './port.schema.ts';

const captureMode = oneOfWords(
  'How connections reach the listener: IPTABLES by redirection, NONE by the application connecting to it.',
  ['DEFAULT', 'IPTABLES', 'NONE'],
  { fallback: 'DEFAULT: as the pod is set up' },
);

const ingress = record(
  'IstioIngressListener',
  'A listener for connections to the workload.',
  {
    port: as(listenerPort, 'The port to listen on.'),
    bind: text('Address to bind to.', { fallback: 'the address of the pod' }),
    captureMode,
    defaultEndpoint: text(
      'Where the application listens: `127.0.0.1:PORT`, `0.0.0.0:PORT` (the address of the pod), the IPv6 forms, or `unix:///path`.',
      { fallback: 'the same port of the pod' },
    ),
    tls: as(serverTls, 'TLS terminated by the sidecar.'),
    connectionPool: as(connectionPool, 'Limits towards the application on this port.'),
  },
  { required: ['port'] },
);

const egress = record(
  'IstioEgressListener',
  'A listener for connections of the workload to others.',
  {
    port: as(listenerPort, 'The port to listen on; the last listener may leave it out to mean all others.'),
    bind: text('Address or Unix domain socket to bind to.', { fallback: '127.0.0.1 without capture' }),
    captureMode,
    hosts: texts(
      'Services that can be called, as `namespace/host`. `.` is this namespace, `*` any, `~` none; `~namespace` takes one out. The host may be `*` or begin with `*.`.',
    ),
  },
  { required: ['hosts'] },
);

export const sidecar: Schema = record(
  'SidecarSpec',
  'What the sidecars of a namespace accept and can reach.',
  {
    workloadSelector: as(networkingSelector, 'Workloads this applies to.', {
      fallback: 'all of the namespace; in the root namespace, all without a Sidecar of their own',
    }),
    ingress: list(ingress, 'Listeners towards the workload.', { fallback: 'the ports of its services' }),
    egress: list(egress, 'Listeners towards others.', {
      fallback: 'everything visible, or the Sidecar of the root namespace',
    }),
    inboundConnectionPool: as(connectionPool, 'Limits towards the application, unless a port sets its own.'),
    outboundTrafficPolicy: record('OutboundTrafficPolicy', 'What happens to calls of unknown destinations.', {
      mode: oneOfWords(
        'ALLOW_ANY passes them on, REGISTRY_ONLY refuses them.',
        ['REGISTRY_ONLY', 'ALLOW_ANY'],
        {
          fallback: 'as the mesh says',
        },
      ),
      egressProxy: as(destination, 'Host that unknown destinations are sent to.'),
    }),
  },
);
