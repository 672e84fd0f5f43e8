import { rule } from '../testing/rule-table.ts';

const kind = 'Gateway';
const http = 'port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]';
const https = (tls: string) =>
  `{servers: [{port: {number: 443, name: https, protocol: HTTPS}, hosts: ["*"], tls: {${tls}}}]}`;

rule('servers', {
  kind,
  source: 'ValidateGateway',
  template: '{selector: {istio: ingressgateway}$}',
  fault: 'MissingField spec',
  good: [`, servers: [{${http}}]`],
  bad: ['', ', servers: []'],
});

rule('gateway names are labels', {
  kind,
  source: 'ValidateGateway',
  template: `{servers: [{${http}}]}`,
  metadata: '{name: $}',
  fault: 'InvalidName metadata.name',
  good: ['gw', 'my-gateway', 'a1'],
  bad: ['a.b', '"a_b"', '-a'],
});

rule('hosts', {
  kind,
  source: 'agent.ValidateNamespaceSlashWildcardHostname (gateway)',
  template: '{servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["$"]}]}',
  fault: 'InvalidHost spec.servers[0].hosts[0]',
  good: ['*', 'a.b', '*.a.b', 'ns/*', './*', '*/a.b', 'ns/*.a.b', '10.0.0.1'],
  bad: ['short', '*a.b', 'a.*.b', 'ns/', '/a.b', 'ns/short', 'a_b.c', 'a.b:80', '*-a.b', ''],
});

rule('namespaces of hosts', {
  kind,
  source: 'agent.ValidateNamespaceSlashWildcardHostname (gateway)',
  template: '{servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["$/a.b"]}]}',
  fault: 'InvalidNamespace spec.servers[0].hosts[0]',
  good: ['ns', '.', '*'],
  bad: ['~', 'a.b', '~ns', 'a_b'],
});

rule('servers have hosts', {
  kind,
  source: 'validateServer',
  template: '{servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [$]}]}',
  fault: 'MissingField spec.servers[0].hosts',
  bad: [''],
});

rule('protocols', {
  kind,
  source: 'validateServerPort, protocol.Parse',
  template: '{servers: [{port: {number: 80, name: x, protocol: $}, hosts: ["*"]}]}',
  fault: 'InvalidProtocol spec.servers[0].port.protocol',
  good: ['HTTP', 'http', 'HTTP2', 'GRPC', 'grpc-web', 'TCP', 'MONGO', 'REDIS', 'MySQL'],
  bad: ['XXX', '""', 'HTTP3', 'http1'],
});

rule('port numbers', {
  kind,
  source: 'validateServerPort',
  template: '{servers: [{port: {number: $, name: x, protocol: HTTP}, hosts: ["*"]}]}',
  fault: 'InvalidPort spec.servers[0].port.number',
  good: ['1', '80', '65535'],
  bad: ['0', '65536'],
});

rule('target ports have no effect', {
  kind,
  source: 'validateServerPort',
  template: '{servers: [{port: {number: 80, name: x, protocol: HTTP, targetPort: $}, hosts: ["*"]}]}',
  fault: 'Unsupported spec.servers[0].port.targetPort',
  good: ['0'],
  bad: ['80', '8080'],
});

rule('port names are there and differ', {
  kind,
  source: 'ValidateGateway',
  template: `{servers: [{${http}}, {port: {number: 81, name: $, protocol: HTTP}, hosts: ["*"]}]}`,
  fault: 'Duplicate spec.servers[1].port.name',
  good: ['other', 'HTTP'],
  bad: ['http'],
});

rule('binds', {
  kind,
  source: 'validateServerBind',
  template: `{servers: [{${http}, bind: $}]}`,
  fault: 'InvalidAddress spec.servers[0].bind',
  good: ['10.0.0.1', '"::"', '""', '0.0.0.0'],
  bad: ['localhost', '10.0.0', '10.0.0.0/8'],
});

rule('sockets have no port', {
  kind,
  source: 'validateServerBind, ValidateUnixAddress',
  template:
    '{servers: [{port: {number: $, name: x, protocol: HTTP}, hosts: ["*"], bind: "unix:///var/run/x"}]}',
  fault: 'InvalidPort spec.servers[0].port.number',
  good: ['0'],
  bad: ['80'],
});

rule('socket paths', {
  kind,
  source: 'ValidateUnixAddress',
  template: '{servers: [{port: {number: 0, name: x, protocol: HTTP}, hosts: ["*"], bind: "$"}]}',
  fault: 'InvalidAddress spec.servers[0].bind',
  good: ['unix:///a', 'unix://@abstract'],
  bad: ['unix://', 'unix://a', 'unix:///a/'],
});

rule('TLS protocols need TLS', {
  kind,
  source: 'validateServer',
  template: '{servers: [{port: {number: 443, name: x, protocol: $}, hosts: ["*"]}]}',
  fault: 'MissingField spec.servers[0]',
  bad: ['HTTPS', 'TLS', 'https'],
});

rule('plain protocols have no TLS', {
  kind,
  source: 'validateServer',
  template:
    '{servers: [{port: {number: 80, name: x, protocol: $}, hosts: ["*"], tls: {mode: SIMPLE, credentialName: c}}]}',
  fault: 'Conflict spec.servers[0].tls',
  good: ['HTTPS', 'TLS'],
  bad: ['HTTP', 'HTTP2', 'TCP', 'MONGO'],
});

rule('plain HTTP can redirect', {
  kind,
  source: 'validateServer',
  template: `{servers: [{${http}, tls: {$}}]}`,
  fault: 'Conflict spec.servers[0].tls',
  good: ['httpsRedirect: true', 'httpsRedirect: false'],
  bad: [
    'mode: SIMPLE',
    'httpsRedirect: true, mode: MUTUAL, credentialName: c',
    'httpsRedirect: true, privateKey: /k, serverCertificate: /c, mode: SIMPLE',
  ],
});

rule('httpsRedirect on a TLS server only warns', {
  kind,
  source: 'ValidateGateway',
  template: https('mode: SIMPLE, credentialName: c, httpsRedirect: $'),
  hint: 'IneffectiveRedirect spec.servers[0].tls.httpsRedirect',
  good: ['false'],
  warned: ['true'],
});

rule('SIMPLE needs a certificate', {
  kind,
  source: 'validateTLSOptions',
  template: https('mode: SIMPLE$'),
  fault: 'MissingField spec.servers[0].tls',
  good: [
    ', credentialName: c',
    ', credentialNames: [a, b]',
    ', serverCertificate: /c, privateKey: /k',
    ', tlsCertificates: [{serverCertificate: /c, privateKey: /k}]',
  ],
  bad: ['', ', serverCertificate: /c', ', privateKey: /k'],
});

rule('MUTUAL needs a client CA', {
  kind,
  source: 'validateTLSOptions',
  template: https('mode: $, serverCertificate: /c, privateKey: /k'),
  fault: 'MissingField spec.servers[0].tls',
  good: ['SIMPLE', 'MUTUAL, caCertificates: /ca', 'OPTIONAL_MUTUAL, caCertificates: /ca'],
  bad: ['MUTUAL', 'OPTIONAL_MUTUAL'],
});

rule('ISTIO_MUTUAL brings its own certificate', {
  kind,
  source: 'validateTLSOptions',
  template: https('mode: ISTIO_MUTUAL, $: x'),
  fault: 'Conflict spec.servers[0].tls.credentialName',
  bad: ['credentialName'],
});

rule('one source of certificates', {
  kind,
  source: 'validateTLSOptions; CRD CEL',
  template: https('mode: SIMPLE, credentialName: c, $'),
  fault: 'Conflict spec.servers[0].tls',
  good: ['minProtocolVersion: TLSV1_3', 'subjectAltNames: [a]'],
  bad: [
    'serverCertificate: /c, privateKey: /k',
    'credentialNames: [a]',
    'tlsCertificates: [{serverCertificate: /c, privateKey: /k}]',
  ],
});

rule('PASSTHROUGH ignores certificates', {
  kind,
  source: 'validateTLSOptions',
  template: https('mode: PASSTHROUGH$'),
  hint: 'IgnoredCertificates spec.servers[0].tls',
  good: [''],
  warned: [', credentialName: c', ', serverCertificate: /c', ', caCertificates: /c'],
});

rule('old TLS versions need ciphers', {
  kind,
  source: 'validateTLSOptions',
  template: https('mode: SIMPLE, credentialName: c, minProtocolVersion: $'),
  hint: 'NoCipherSuite spec.servers[0].tls.minProtocolVersion',
  good: ['TLSV1_2', 'TLSV1_3', 'TLSV1_0, cipherSuites: [AES128-SHA]'],
  warned: ['TLSV1_0', 'TLSV1_1'],
});

rule('cipher suites', {
  kind,
  source: 'security.IsValidCipherSuite',
  template: https('mode: SIMPLE, credentialName: c, cipherSuites: [$]'),
  hint: 'UnknownCipherSuite spec.servers[0].tls.cipherSuites[0]',
  good: ['ECDHE-ECDSA-AES128-GCM-SHA256', 'ALL', '"-ALL"', 'DES-CBC3-SHA'],
  warned: ['FOO', 'TLS_AES_128_GCM_SHA256'],
});

rule('revocation lists', {
  kind,
  source: 'validateTLSOptions (caCrl)',
  template: https('mode: $, serverCertificate: /c, privateKey: /k, caCrl: /crl'),
  fault: 'Conflict spec.servers[0].tls.caCrl',
  good: ['MUTUAL, caCertificates: /ca'],
  bad: ['SIMPLE'],
});

const second = (fields: string) =>
  `{servers: [{port: {number: 443, name: a, protocol: HTTPS}, hosts: [a.com], tls: {mode: SIMPLE, credentialName: c}}, {${fields}}]}`;

rule('a port speaks one kind of protocol', {
  kind,
  source: 'pilot/pkg/model MergeGateways',
  template: second('hosts: [b.com], port: {number: 443, name: b, protocol: $}'),
  hint: 'PortConflict spec.servers[1].port',
  good: ['TLS}, tls: {mode: PASSTHROUGH', 'HTTPS}, tls: {mode: SIMPLE, credentialName: d'],
  warned: ['HTTP', 'TCP', 'MONGO'],
});

rule('a server name is served once on a port', {
  kind,
  source: 'pilot/pkg/model MergeGateways (SNI conflict)',
  template: second('port: {number: 443, name: b, protocol: TLS}, hosts: [$], tls: {mode: PASSTHROUGH}'),
  hint: 'SniConflict spec.servers[1].hosts[0]',
  good: ['b.com', '"*.com"'],
  warned: ['a.com'],
});
