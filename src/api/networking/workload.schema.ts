import {
  as,
  atMostOne,
  int32,
  list,
  map,
  record,
  rules,
  type Schema,
  text,
  textMap,
  texts,
  uint32,
} from '../schema/schema.ts';
import { realPort } from './port.schema.ts';

const socketRules = [
  '(has(self.address) ? self.address : "").startsWith("unix://") ? !has(self.ports) : true',
  'a Unix domain socket has no ports',
] as const;

export const workloadEntry: Schema = record(
  'WorkloadEntrySpec',
  'A workload outside Kubernetes: a virtual machine, a bare-metal host, an external address.',
  {
    address: text(
      'IP address, DNS name (with DNS resolution) or `unix:///path`. May be empty when network is set.',
      {
        maxLength: 256,
        ...rules(
          [
            'self.startsWith("unix://") ? (self.substring(7, 8) == "/" || self.substring(7, 8) == "@") : true',
            'a Unix domain socket is an absolute path or an abstract name that begins with @',
          ],
          [
            'self.startsWith("unix://") ? !self.endsWith("/") : true',
            'a Unix domain socket is a file, not a folder',
          ],
        ),
      },
    ),
    ports: map(
      uint32('Port number.', realPort),
      'Port numbers of this workload, by the port names of the service.',
      {
        maxProperties: 128,
        ...rules([
          'self.all(key, size(key) < 63 && key.matches("^[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?$"))',
          'a port name is made of letters, digits and dashes, 62 characters at most',
        ]),
      },
    ),
    labels: textMap('Labels, for service selectors, subsets and policies.', { maxProperties: 256 }),
    network: text('Network the address belongs to; other networks reach it through a gateway.', {
      maxLength: 2048,
    }),
    locality: text('Place of the workload: `region/zone/sub-zone`.', { maxLength: 2048 }),
    weight: uint32('Share of the traffic relative to the other endpoints.', { fallback: '1' }),
    serviceAccount: text('Service account of the workload, for its identity.', { maxLength: 253 }),
  },
  rules(['has(self.address) || has(self.network)', 'address is required unless network is set'], socketRules),
);

/** Port of a probe. */
const probePort = uint32('Port of the workload.', realPort);

export const readinessProbe: Schema = record(
  'ReadinessProbe',
  'How the agent finds out whether the workload may get traffic.',
  {
    initialDelaySeconds: int32('Seconds before the first probe.', { minimum: 0, fallback: '0' }),
    timeoutSeconds: int32('Seconds a probe may take.', { minimum: 0, fallback: '1' }),
    periodSeconds: int32('Seconds between probes.', { minimum: 0, fallback: '10' }),
    successThreshold: int32('Successes in a row to become ready.', { minimum: 0, fallback: '1' }),
    failureThreshold: int32('Failures in a row to become unready.', { minimum: 0, fallback: '3' }),
    httpGet: record(
      'HTTPHealthCheckConfig',
      'Ready when a GET is answered with 200 to 399.',
      {
        path: text('Path to ask for.'),
        port: probePort,
        host: text('Host to ask.', { fallback: '127.0.0.1' }),
        scheme: text('HTTP or HTTPS.', {
          fallback: 'HTTP',
          ...rules(['self in ["", "HTTP", "HTTPS"]', 'must be HTTP or HTTPS']),
        }),
        httpHeaders: list(
          record('HTTPHeader', 'A header of the probe.', {
            name: text('Name of the header.', { pattern: '^[-_A-Za-z0-9]+$' }),
            value: text('Value of the header.'),
          }),
          'Headers to send.',
        ),
      },
      { required: ['port'] },
    ),
    tcpSocket: record(
      'TCPHealthCheckConfig',
      'Ready when the port accepts a connection.',
      { host: text('Host to connect to.', { fallback: '127.0.0.1' }), port: probePort },
      { required: ['port'] },
    ),
    exec: record(
      'ExecHealthCheckConfig',
      'Ready when the command ends with status 0.',
      { command: list(text('', { minLength: 1 }), 'Command and arguments; no shell.') },
      { required: ['command'] },
    ),
    grpc: record('GrpcHealthCheckConfig', 'Ready when the gRPC health service says so.', {
      port: probePort,
      service: text('Name of the service to ask for.'),
    }),
  },
  atMostOne(['httpGet', 'tcpSocket', 'exec', 'grpc']),
);

export const workloadGroup: Schema = record(
  'WorkloadGroupSpec',
  'What the workloads of a group have in common; machines that register themselves get a WorkloadEntry from it.',
  {
    metadata: record('WorkloadGroupMetadata', 'Metadata of the WorkloadEntries.', {
      labels: textMap('Labels.', { maxProperties: 256 }),
      annotations: textMap('Annotations.', { maxProperties: 256 }),
    }),
    template: as(workloadEntry, 'Fields of the WorkloadEntries; address is set by the machine.', {
      title: 'WorkloadTemplate',
      ...rules(socketRules),
    }),
    probe: readinessProbe,
  },
  { required: ['template'] },
);

/** An endpoint of a ServiceEntry has the form of a WorkloadEntry. */
export const endpoint: Schema = as(workloadEntry, 'An endpoint of the service.');

export const altNames = texts(
  'Names of which the certificate of the host must carry one; for mesh traffic, SPIFFE ids.',
);
