import {
  as,
  double,
  duration,
  flag,
  int32,
  list,
  looseDuration,
  oneOfWords,
  optionalFlag,
  record,
  type Schema,
  text,
  textMap,
  texts,
  uint32,
  uint64,
} from '../schema/schema.ts';
import { labelSelector } from '../schema/selector.schema.ts';
import { connectionPool } from './connection-pool.schema.ts';
import { loadBalancer } from './load-balancer.schema.ts';
import { portSelector } from './port.schema.ts';

export const outlierDetection: Schema = record(
  'OutlierDetection',
  'Takes endpoints that fail out of use for a while.',
  {
    consecutiveErrors: int32('Former form of consecutiveGatewayErrors.'),
    splitExternalLocalOriginErrors: flag('Counts failures to connect apart from errors the host returned.', {
      fallback: 'false',
    }),
    consecutiveLocalOriginFailures: uint32(
      'Failures to connect in a row; needs splitExternalLocalOriginErrors.',
      {
        nullable: true,
        fallback: '5',
      },
    ),
    consecutiveGatewayErrors: uint32('502, 503 and 504 answers in a row; 0 turns it off.', {
      nullable: true,
      fallback: '0',
    }),
    consecutive5xxErrors: uint32('5xx answers in a row; 0 turns it off.', { nullable: true, fallback: '5' }),
    interval: duration('Time between two looks at the counters.', { fallback: '10s' }),
    baseEjectionTime: duration('Shortest time out of use; multiplied by how often it happened.', {
      fallback: '30s',
    }),
    maxEjectionPercent: int32('Largest share of endpoints out of use.', { fallback: '10' }),
    minHealthPercent: int32('When fewer are healthy, all endpoints are used again.', { fallback: '0' }),
    outlierDetectionHttpErrorCodes: list(
      uint64('A status code.', { minimum: 100, maximum: 599 }),
      'Status codes that count as errors instead of 5xx.',
    ),
  },
);

export const clientTls: Schema = record('ClientTLSSettings', 'TLS towards the host.', {
  mode: oneOfWords(
    'DISABLE: plain text. SIMPLE: TLS. MUTUAL: TLS with the client certificate given here. ISTIO_MUTUAL: TLS with the certificate of the workload.',
    ['DISABLE', 'SIMPLE', 'MUTUAL', 'ISTIO_MUTUAL'],
    { fallback: 'DISABLE' },
  ),
  clientCertificate: text('File with the client certificate; MUTUAL.'),
  privateKey: text('File with its private key; MUTUAL.'),
  caCertificates: text('File with the CA certificates that sign the host.', {
    fallback: 'those of the system',
  }),
  credentialName: text(
    'Secret with certificate, key and CA instead of files; at gateways, or with a workloadSelector.',
  ),
  subjectAltNames: texts('Names of which the host certificate must carry one.'),
  sni: text('Server name sent to the host.'),
  insecureSkipVerify: optionalFlag('Accept any certificate of the host.', { fallback: 'false' }),
  caCrl: text('File with the certificate revocation list.'),
});

const shared = {
  loadBalancer,
  connectionPool,
  outlierDetection,
  tls: clientTls,
};

const tunnel = record(
  'TunnelSettings',
  'Sends connections through a CONNECT or POST tunnel of the host.',
  {
    protocol: text('CONNECT or POST.', { fallback: 'CONNECT' }),
    targetHost: text('Host the tunnel leads to.'),
    targetPort: uint32('Port the tunnel leads to.'),
  },
  { required: ['targetHost', 'targetPort'] },
);

const portPolicy = record(
  'PortTrafficPolicy',
  'What applies to one port, instead of the settings of the host.',
  {
    port: as(portSelector, 'Port the policy is for.'),
    ...shared,
  },
);

export const trafficPolicy: Schema = record('TrafficPolicy', 'How the host is called.', {
  ...shared,
  portLevelSettings: list(
    portPolicy,
    'Policies of single ports. What a port does not set takes its default, not the value of the host.',
    { maxItems: 4096 },
  ),
  tunnel,
  proxyProtocol: record('ProxyProtocol', 'Sends a PROXY protocol header to the host.', {
    version: oneOfWords('Version of the header.', ['V1', 'V2'], { fallback: 'V1' }),
  }),
  retryBudget: record('RetryBudget', 'Limits retries to a share of the requests.', {
    percent: double('Most retries, in percent of requests under way.', {
      minimum: 0,
      maximum: 100,
      nullable: true,
      fallback: '20',
    }),
    minRetryConcurrency: uint32('Retries that are always allowed.', { fallback: '3' }),
    budgetInterval: looseDuration('Time over which requests are counted.'),
  }),
});

const subset = record(
  'Subset',
  'A named part of the endpoints of the host.',
  {
    name: text('Name, used by routes; letters, digits, `-`, `_` and `.`.'),
    labels: textMap('Labels an endpoint must have.'),
    trafficPolicy: as(trafficPolicy, 'What differs from the policy of the host for this subset.'),
  },
  { required: ['name'] },
);

export const destinationRule: Schema = record(
  'DestinationRuleSpec',
  'How a host is called once routing has chosen it.',
  {
    host: text(
      'Service of the registry, or `*.domain`. Short names are completed with the namespace of this object.',
    ),
    trafficPolicy: as(trafficPolicy, 'How the host is called.'),
    subsets: list(subset, 'Named parts of the endpoints, for routes to use.'),
    exportTo: texts('Namespaces that see this object: `.` its own, `*` all, or names.', {
      fallback: '*, or defaultDestinationRuleExportTo of the mesh',
    }),
    workloadSelector: as(labelSelector, 'Callers the rule is for, in the namespace of this object.', {
      fallback: 'all callers',
    }),
  },
  { required: ['host'] },
);
