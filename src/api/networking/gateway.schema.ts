import {
  as,
  flag,
  list,
  oneOfWords,
  optionalFlag,
  record,
  rules,
  type Schema,
  text,
  textMap,
  texts,
} from '../schema/schema.ts';
import { onlyOneOf } from '../schema/selector.schema.ts';
import { listenerPort } from './port.schema.ts';

const tlsVersions = ['TLS_AUTO', 'TLSV1_0', 'TLSV1_1', 'TLSV1_2', 'TLSV1_3'];

const certificate = record('TLSCertificate', 'A certificate and its key, as files.', {
  serverCertificate: text('File with the certificate chain.'),
  privateKey: text('File with the private key.'),
  caCertificates: text('File with CA certificates for the clients.'),
});

export const serverTls: Schema = record(
  'ServerTLSSettings',
  'TLS on the listening side.',
  {
    httpsRedirect: flag('Answer plain HTTP with a redirect to HTTPS. Belongs on HTTP servers.', {
      fallback: 'false',
    }),
    mode: oneOfWords(
      'PASSTHROUGH routes by SNI without terminating; SIMPLE terminates; MUTUAL asks for a client certificate, OPTIONAL_MUTUAL takes one if offered; ISTIO_MUTUAL uses the certificate of the mesh; AUTO_PASSTHROUGH routes by SNI straight to the service it names.',
      ['PASSTHROUGH', 'SIMPLE', 'MUTUAL', 'AUTO_PASSTHROUGH', 'ISTIO_MUTUAL', 'OPTIONAL_MUTUAL'],
      { fallback: 'PASSTHROUGH' },
    ),
    serverCertificate: text('File with the certificate chain.'),
    privateKey: text('File with the private key.'),
    caCertificates: text('File with the CA certificates that sign clients.'),
    caCrl: text('File with the certificate revocation list.'),
    credentialName: text('Secret with the certificate: in the namespace of the gateway pods.'),
    credentialNames: texts('Secrets with certificates of different key types, one or two.', {
      minItems: 1,
      maxItems: 2,
    }),
    caCertCredentialName: text('Secret or ConfigMap with the CA certificates that sign clients.'),
    tlsCertificates: list(certificate, 'Certificates of different key types, one or two, as files.', {
      minItems: 1,
      maxItems: 2,
    }),
    subjectAltNames: texts('Names of which a client certificate must carry one.'),
    verifyCertificateSpki: texts('Base64 SHA-256 of client public keys that are accepted.'),
    verifyCertificateHash: texts('Hex SHA-256 of client certificates that are accepted.'),
    minProtocolVersion: oneOfWords('Lowest TLS version.', tlsVersions, { fallback: 'TLSV1_2' }),
    maxProtocolVersion: oneOfWords('Highest TLS version.', tlsVersions, { fallback: 'TLSV1_3' }),
    cipherSuites: texts('Cipher suites for TLS 1.2 and older; unknown ones are ignored.', {
      fallback: 'those of the mesh',
    }),
    insecureSkipVerify: optionalFlag('Accept client certificates without checking them.', {
      fallback: 'false',
    }),
  },
  rules(
    onlyOneOf('tlsCertificates', 'credentialNames'),
    onlyOneOf('credentialName', 'credentialNames'),
    onlyOneOf('credentialNames', 'tlsCertificates'),
  ),
);

const server = record(
  'Server',
  'A port of the gateway and the hosts served on it.',
  {
    port: as(listenerPort, 'The port to listen on.', {
      title: 'ServerPort',
      required: ['number', 'protocol', 'name'],
    }),
    bind: text('Address or Unix domain socket to bind to.', { fallback: 'all addresses' }),
    hosts: texts(
      'Hosts served: DNS names with `*` as first label at most, optionally after `namespace/` (`.` for this one, `*` for any) from which VirtualServices are taken.',
    ),
    tls: as(serverTls, 'TLS of this port.'),
    defaultEndpoint: text('Not used.'),
    name: text('Name of the server, for the SNI of generated configuration; unique.'),
  },
  { required: ['port', 'hosts'] },
);

export const gateway: Schema = record(
  'GatewaySpec',
  'Ports, hosts and certificates of a load balancer at the edge of the mesh.',
  {
    servers: list(server, 'What the gateway listens on.'),
    selector: textMap(
      'Labels of the gateway pods this applies to, in all namespaces unless the mesh says otherwise.',
    ),
  },
);
