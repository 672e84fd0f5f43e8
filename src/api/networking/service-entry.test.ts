import { rule } from '../testing/rule-table.ts';

const kind = 'ServiceEntry';
const ports = 'ports: [{number: 443, name: https, protocol: HTTPS}]';
const entry = (fields: string) => `{hosts: [a.com], ${ports}, ${fields}}`;

rule('hosts', {
  kind,
  source: 'ValidateServiceEntry; CRD',
  template: `{hosts: [$], ${ports}}`,
  fault: 'InvalidHost spec.hosts[0]',
  good: ['a.com', '"*.a.com"', 'a', 'x.y.z'],
  bad: ['"*"', '"a_b"', '""', 'a/b', 'a..b'],
});

rule('part of a label cannot be a wildcard', {
  kind,
  source: 'agent.ValidatePartialWildCard',
  template: `{hosts: ["$"], ${ports}}`,
  hint: 'PartialWildcard spec.hosts[0]',
  warned: ['*a.com', '*-a.com'],
});

rule('hosts are required', {
  kind,
  source: 'CRD',
  template: `{${ports}$}`,
  fault: 'MissingField spec',
  bad: ['', ', location: MESH_EXTERNAL'],
});

rule('addresses', {
  kind,
  source: 'agent.ValidateIPSubnet',
  template: entry('addresses: ["$"]'),
  fault: 'InvalidAddress spec.addresses[0]',
  good: ['1.2.3.4', '10.0.0.0/8', '::1', '2001:db8::/32'],
  bad: ['a', '1.2.3', '1.2.3.4/33', ''],
});

rule('subnets need a resolution that can use them', {
  kind,
  source: 'ValidateServiceEntry; CRD CEL',
  template: entry('addresses: [10.0.0.0/8], resolution: $'),
  fault: 'InvalidAddress spec.addresses[0]',
  good: ['NONE', 'STATIC'],
  bad: ['DNS', 'DNS_ROUND_ROBIN'],
});

rule('port numbers', {
  kind,
  source: 'ValidateServiceEntry; CRD CEL',
  template: '{hosts: [a.com], ports: [{number: $, name: x, protocol: HTTP}]}',
  fault: 'InvalidPort spec.ports[0].number',
  good: ['1', '65535'],
  bad: ['0', '65536'],
});

rule('port names', {
  kind,
  source: 'ValidatePortName',
  template: '{hosts: [a.com], ports: [{number: 80, name: $, protocol: HTTP}]}',
  fault: 'InvalidPortName spec.ports[0].name',
  good: ['http', 'http-1', 'A'],
  bad: ['"a_b"', '"a.b"', '""', '-a'],
});

rule('port protocols', {
  kind,
  source: 'ValidateProtocol',
  template: '{hosts: [a.com], addresses: [1.1.1.1], ports: [{number: 80, name: x, protocol: $}]}',
  fault: 'InvalidProtocol spec.ports[0].protocol',
  good: ['HTTP', 'tls', 'TCP', '""', 'MONGO', 'UDP', 'GRPC-Web'],
  bad: ['SMTP', 'http/2', 'h2'],
});

rule('TCP needs addresses', {
  kind,
  source: 'ValidateServiceEntry',
  template: '{hosts: [a.com], ports: [{number: 80, name: x$}]}',
  hint: 'NoAddress spec.ports[0]',
  good: [', protocol: HTTP', ', protocol: TLS'],
  warned: ['', ', protocol: TCP'],
});

rule('port numbers do not repeat', {
  kind,
  source: 'ValidateServiceEntry; CRD CEL',
  template:
    '{hosts: [a.com], ports: [{number: 80, name: a, protocol: HTTP}, {number: $, name: b, protocol: HTTP}]}',
  fault: 'Duplicate spec.ports[1].number',
  good: ['81'],
  bad: ['80'],
});

rule('port names do not repeat', {
  kind,
  source: 'CRD list map keys',
  template:
    '{hosts: [a.com], ports: [{number: 80, name: a, protocol: HTTP}, {number: 81, name: $, protocol: HTTP}]}',
  fault: 'Duplicate spec.ports[1]',
  good: ['b', 'A'],
  bad: ['a'],
});

rule('selector or endpoints', {
  kind,
  source: 'ValidateServiceEntry; CRD CEL',
  template: entry('resolution: STATIC, endpoints: [{address: 1.1.1.1}], $'),
  fault: 'Conflict spec.endpoints',
  good: ['location: MESH_INTERNAL'],
  bad: ['workloadSelector: {labels: {app: a}}'],
});

rule('NONE has no endpoints', {
  kind,
  source: 'ValidateServiceEntry; CRD CEL',
  template: entry('endpoints: [{address: 1.1.1.1}], resolution: $'),
  fault: 'Conflict spec.endpoints',
  good: ['STATIC', 'DNS', 'DNS_ROUND_ROBIN'],
  bad: ['NONE', 'null'],
});

rule('STATIC endpoints are addresses', {
  kind,
  source: 'validateWorkloadEntry (endpoint)',
  template: entry('resolution: STATIC, endpoints: [{address: "$"}]'),
  fault: 'InvalidAddress spec.endpoints[0].address',
  good: ['1.1.1.1', '::1', 'unix:///a/b'],
  bad: ['a.b', 'unix://a', 'unix:///a/', '1.1.1.1:80'],
});

rule('DNS endpoints are names or addresses', {
  kind,
  source: 'ValidateServiceEntry (DNS)',
  template: entry('resolution: DNS, endpoints: [{address: "$"}]'),
  fault: 'InvalidAddress spec.endpoints[0].address',
  good: ['1.1.1.1', 'a.b', 'a'],
  bad: ['*.b', 'unix:///a', 'a_b', ''],
});

rule('DNS without endpoints asks for the host', {
  kind,
  source: 'ValidateServiceEntry (DNS)',
  template: `{hosts: [$], ${ports}, resolution: DNS}`,
  fault: 'InvalidHost spec.hosts[0]',
  good: ['a.com', 'a'],
  bad: ['"*.a.com"'],
});

rule('endpoint ports are ports of the service', {
  kind,
  source: 'validateWorkloadEntry, ValidateServiceEntry',
  template: entry('resolution: STATIC, endpoints: [{address: 1.1.1.1, ports: {$: 80}}]'),
  fault: 'UnknownPort spec.endpoints[0].ports.other',
  good: ['https'],
  bad: ['other'],
});

rule('DNS_ROUND_ROBIN has one endpoint', {
  kind,
  source: 'ValidateServiceEntry; CRD CEL',
  template: entry('resolution: DNS_ROUND_ROBIN, endpoints: [$]'),
  fault: 'TooMany spec.endpoints',
  good: ['', '{address: a.b}'],
  bad: ['{address: a.b}, {address: b.c}'],
});

rule('DYNAMIC_DNS is for wildcards', {
  kind,
  source: 'ValidateServiceEntry (DYNAMIC_DNS)',
  template: `{hosts: ["$"], ${'ports: [{number: 443, name: tls, protocol: TLS}]'}, resolution: DYNAMIC_DNS}`,
  fault: 'InvalidHost spec.hosts[0]',
  good: ['*.a.com', '*.com'],
  bad: ['a.com', 'b.a.com'],
});

rule('DYNAMIC_DNS protocols', {
  kind,
  source: 'ValidateServiceEntry (DYNAMIC_DNS)',
  template: '{hosts: ["*.a.com"], ports: [{number: 443, name: x, protocol: $}], resolution: DYNAMIC_DNS}',
  fault: 'InvalidProtocol spec.ports[0].protocol',
  good: ['HTTP', 'TLS', 'GRPC', 'HTTP2'],
  bad: ['TCP', 'HTTPS', 'MONGO'],
});

rule('several hosts need names on the wire', {
  kind,
  source: 'ValidateServiceEntry',
  template: '{hosts: [a.com, b.com], resolution: DNS, ports: [{number: 80, name: x, protocol: $}]}',
  fault: 'Conflict spec.ports[0].protocol',
  good: ['HTTP', 'TLS', 'HTTPS', 'GRPC'],
  bad: ['TCP', 'MONGO', 'REDIS'],
});

rule('a ServiceEntry can be hidden', {
  kind,
  source: 'validateExportTo (service entry)',
  template: entry('exportTo: [$]'),
  fault: 'InvalidExportTo spec.exportTo',
  good: ['"~"', '"."', '"*"', 'a'],
  bad: ['"~", a', '"*", a'],
});

rule('selectors have no wildcard', {
  kind,
  source: 'ValidateAlphaWorkloadSelector; CRD CEL',
  template: entry('resolution: STATIC, workloadSelector: {labels: {app: $}}'),
  fault: 'InvalidSelector spec.workloadSelector.labels.app',
  good: ['a'],
  bad: ['"*"', 'a*'],
});

rule('workload addresses', {
  kind: 'WorkloadEntry',
  source: 'validateWorkloadEntry',
  template: '{address: "$"}',
  fault: 'InvalidAddress spec.address',
  good: ['1.1.1.1', 'a.b', '::1', 'unix:///a', 'unix://@a'],
  bad: ['a_b', '*.b', 'unix://a', 'http://a'],
});

rule('workloads have an address or a network', {
  kind: 'WorkloadEntry',
  source: 'validateWorkloadEntry; CRD CEL',
  template: '{$}',
  fault: 'MissingField spec',
  hint: 'NoAddress spec',
  good: ['address: 1.1.1.1', 'address: 1.1.1.1, weight: 0, locality: a/b, serviceAccount: s'],
  warned: ['network: n'],
  bad: ['', 'labels: {a: b}'],
});

rule('workload ports', {
  kind: 'WorkloadEntry',
  source: 'validateWorkloadEntry; CRD CEL',
  template: '{address: 1.1.1.1, ports: {http: $}}',
  fault: 'InvalidPort spec.ports.http',
  good: ['1', '65535'],
  bad: ['0', '65536'],
});

rule('workload labels', {
  kind: 'WorkloadEntry',
  source: 'labels.Instance.Validate',
  template: '{address: 1.1.1.1, labels: {app: $}}',
  fault: 'InvalidLabel spec.labels.app',
  good: ['a', '""'],
  bad: ['"a b"', '"*"'],
});

rule('groups have a template', {
  kind: 'WorkloadGroup',
  source: 'ValidateWorkloadGroup; CRD',
  template: '{$}',
  fault: 'MissingField spec',
  good: [
    'template: {}',
    'template: {serviceAccount: s, network: n}',
    'metadata: {labels: {a: b}}, template: {}',
  ],
  bad: ['', 'metadata: {labels: {a: b}}'],
});

rule('probes say how', {
  kind: 'WorkloadGroup',
  source: 'validateReadinessProbe',
  template: '{template: {}, probe: {$}}',
  fault: 'MissingField spec.probe',
  good: ['httpGet: {port: 80}', 'tcpSocket: {port: 80}', 'exec: {command: [a]}', 'grpc: {port: 1}'],
  bad: ['', 'periodSeconds: 3'],
});

rule('probe headers', {
  kind: 'WorkloadGroup',
  source: 'ValidateProbeHeaderName',
  template: '{template: {}, probe: {httpGet: {port: 80, httpHeaders: [{name: $, value: x}]}}}',
  fault: 'InvalidHeader spec.probe.httpGet.httpHeaders[0].name',
  good: ['x-a', 'Host'],
  bad: ['"a_b"', '"a b"', '""'],
});

rule('probe schemes', {
  kind: 'WorkloadGroup',
  source: 'validateReadinessProbe; CRD CEL',
  template: '{template: {}, probe: {httpGet: {port: 80, scheme: $}}}',
  fault: 'InvalidValue spec.probe.httpGet.scheme',
  good: ['HTTP', 'HTTPS', '""'],
  bad: ['http', 'FTP'],
});

rule('probe times', {
  kind: 'WorkloadGroup',
  source: 'validateReadinessProbe; CRD',
  template: '{template: {}, probe: {exec: {command: [a]}, periodSeconds: $}}',
  fault: 'OutOfRange spec.probe.periodSeconds',
  good: ['0', '10'],
  bad: ['-1'],
});

rule('thread counts are not negative', {
  kind: 'ProxyConfig',
  source: 'validateConcurrency; CRD',
  template: '{concurrency: $}',
  fault: 'OutOfRange spec.concurrency',
  good: ['0', '2', 'null'],
  bad: ['-1', '-2'],
});

rule('selectors of ProxyConfig', {
  kind: 'ProxyConfig',
  source: 'validateWorkloadSelector; CRD CEL',
  template: '{selector: {matchLabels: {app: $}}}',
  fault: 'InvalidSelector spec.selector.matchLabels.app',
  good: ['a'],
  bad: ['"*"', 'a*b'],
});

rule('a selector without labels selects everything', {
  kind: 'ProxyConfig',
  source: 'validateWorkloadSelector',
  template: '{selector: $}',
  hint: 'EmptySelector spec.selector',
  good: ['null'],
  warned: ['{}', '{matchLabels: {}}'],
});
