import { rule } from '../testing/rule-table.ts';

const kind = 'DestinationRule';
const policy = (fields: string) => `{host: a, trafficPolicy: {${fields}}}`;

rule('hosts', {
  kind,
  source: 'ValidateDestinationRule, agent.ValidateWildcardDomain',
  template: '{host: $}',
  fault: 'InvalidHost spec.host',
  good: ['a', 'reviews.ns.svc.cluster.local', '"*.com"', '"*"', '"*.local"'],
  bad: ['""', '"a_b"', '"a..b"', 'a.*.b', 'a/b', '10.0.0.1'],
});

rule('a policy is not empty', {
  kind,
  source: 'validateTrafficPolicy',
  template: policy('$'),
  fault: 'MissingField spec.trafficPolicy',
  good: [
    'loadBalancer: {simple: RANDOM}',
    'tls: {mode: ISTIO_MUTUAL}',
    'outlierDetection: {}',
    'connectionPool: {tcp: {}}',
    'portLevelSettings: []',
    'proxyProtocol: {version: V2}',
    'retryBudget: {percent: 10}',
  ],
  bad: [''],
});

rule('a connection pool is not empty', {
  kind,
  source: 'validateConnectionPool',
  template: policy('connectionPool: {$}'),
  fault: 'MissingField spec.trafficPolicy.connectionPool',
  good: ['tcp: {}', 'http: {}', 'tcp: {maxConnections: 1}, http: {maxRetries: 3}'],
  bad: [''],
});

rule('limits are not negative', {
  kind,
  source: 'validateConnectionPool',
  template: policy('connectionPool: {http: {http2MaxRequests: $}}'),
  fault: 'OutOfRange spec.trafficPolicy.connectionPool.http.http2MaxRequests',
  good: ['0', '1', '2147483647'],
  bad: ['-1', '2147483648'],
});

rule('connection limits are not negative', {
  kind,
  source: 'validateConnectionPool',
  template: policy('connectionPool: {tcp: {maxConnections: $}}'),
  fault: 'OutOfRange spec.trafficPolicy.connectionPool.tcp.maxConnections',
  good: ['0', '100'],
  bad: ['-1', '-100'],
});

rule('connect timeouts', {
  kind,
  source: 'validateConnectionPool, agent.ValidateDuration',
  template: policy('connectionPool: {tcp: {connectTimeout: $}}'),
  fault: 'InvalidDuration spec.trafficPolicy.connectionPool.tcp.connectTimeout',
  good: ['1s', '30ms'],
  bad: ['0s', '1us', '-1s', 'x'],
});

rule('a TCP idle timeout of zero turns it off', {
  kind,
  source: 'validateConnectionPool',
  template: policy('connectionPool: {tcp: {idleTimeout: $}}'),
  fault: 'InvalidDuration spec.trafficPolicy.connectionPool.tcp.idleTimeout',
  good: ['0s', '1h', '0.5ms'],
  bad: ['-1s', '1.5ms', 'never'],
});

rule('protocol upgrades exclude the protocol of the client', {
  kind,
  source: 'validateConnectionPool',
  template: policy('connectionPool: {http: {h2UpgradePolicy: $, useClientProtocol: true}}'),
  fault: 'Conflict spec.trafficPolicy.connectionPool.http.useClientProtocol',
  good: ['DEFAULT', 'DO_NOT_UPGRADE'],
  bad: ['UPGRADE'],
});

rule('HTTP/2 keep-alive needs both times', {
  kind,
  source: 'validateConnectionPool',
  template: policy('connectionPool: {http: {http2KeepAlive: {$}}}'),
  fault: 'MissingField spec.trafficPolicy.connectionPool.http.http2KeepAlive',
  good: ['interval: 10s, timeout: 5s'],
  bad: ['interval: 10s', 'timeout: 5s', ''],
});

rule('balancers have names', {
  kind,
  source: 'CRD enum',
  template: policy('loadBalancer: {simple: $}'),
  fault: 'InvalidValue spec.trafficPolicy.loadBalancer.simple',
  good: ['ROUND_ROBIN', 'LEAST_CONN', 'RANDOM', 'PASSTHROUGH', 'LEAST_REQUEST', 'UNSPECIFIED'],
  bad: ['round_robin', 'FASTEST', '""'],
});

rule('one balancer', {
  kind,
  source: 'CRD oneOf',
  template: policy('loadBalancer: {simple: RANDOM, $}'),
  fault: 'Conflict spec.trafficPolicy.loadBalancer.consistentHash',
  good: ['warmup: {duration: 1m}'],
  bad: ['consistentHash: {useSourceIp: true}'],
});

rule('one hash key', {
  kind,
  source: 'CRD oneOf',
  template: policy('loadBalancer: {consistentHash: {httpHeaderName: x, $}}'),
  fault: 'Conflict spec.trafficPolicy.loadBalancer.consistentHash.useSourceIp',
  good: ['ringHash: {minimumRingSize: 10}', 'maglev: {tableSize: 65537}'],
  bad: ['useSourceIp: true'],
});

rule('maglev tables are prime', {
  kind,
  source: 'validateLoadBalancer, isPrime',
  template: policy('loadBalancer: {consistentHash: {httpHeaderName: x, maglev: {tableSize: $}}}'),
  fault: 'InvalidValue spec.trafficPolicy.loadBalancer.consistentHash.maglev.tableSize',
  good: ['1', '2', '3', '7', '65537', '4999999'],
  bad: ['4', '9', '100', '65536', '4999998'],
});

rule('maglev tables are bounded', {
  kind,
  source: 'validateLoadBalancer',
  template: policy('loadBalancer: {consistentHash: {httpHeaderName: x, maglev: {tableSize: $}}}'),
  fault: 'OutOfRange spec.trafficPolicy.loadBalancer.consistentHash.maglev.tableSize',
  bad: ['5000011', '6000000'],
});

rule('former ring size', {
  kind,
  source: 'validateLoadBalancer',
  template: policy('loadBalancer: {consistentHash: {httpHeaderName: x, minimumRingSize: $}}'),
  hint: 'Deprecated spec.trafficPolicy.loadBalancer.consistentHash.minimumRingSize',
  good: ['0'],
  warned: ['1', '1024'],
});

rule('cookie attributes', {
  kind,
  source: 'validateLoadBalancer',
  template: policy('loadBalancer: {consistentHash: {httpCookie: {name: c, attributes: [$]}}}'),
  fault: 'Duplicate spec.trafficPolicy.loadBalancer.consistentHash.httpCookie.attributes[1].name',
  good: ['{name: a}', '{name: a}, {name: b, value: x}'],
  bad: ['{name: a}, {name: a}'],
});

rule('locality shares sum to 100', {
  kind,
  source: 'agent.ValidateLocalityLbSetting',
  template: policy('loadBalancer: {localityLbSetting: {distribute: [{from: a/b/c, to: {$}}]}}'),
  fault: 'InvalidWeight spec.trafficPolicy.loadBalancer.localityLbSetting.distribute[0].to',
  good: ['a/b/c: 100', 'a/b/c: 80, a/b/d: 20', '"a/*": 50, "b/*": 50'],
  bad: ['a/b/c: 90', 'a/b/c: 90, a/b/d: 20', 'a/b/c: 100, a/b/d: 0', 'a/b/c: 101', ''],
});

rule('localities do not overlap', {
  kind,
  source: 'agent.validateLocalities',
  template: policy('loadBalancer: {localityLbSetting: {distribute: [{from: x, to: {$}}]}}'),
  fault: 'InvalidLocality spec.trafficPolicy.loadBalancer.localityLbSetting.distribute[0].to',
  good: ['a/b/c: 50, a/b/d: 50', 'a: 50, b: 50', 'a/b: 50, "a/*": 50', 'a/b: 50, a/c: 50'],
  bad: [
    'a: 50, a/b: 50',
    '"*": 50, a: 50',
    'a/b: 50, a/b/c: 50',
    '"a/*": 50, a/b: 50',
    '"*/b": 100',
    'a//c: 100',
    '"a/*/*": 100',
    '"a*/b": 100',
  ],
});

rule('distribute or failover', {
  kind,
  source: 'agent.ValidateLocalityLbSetting',
  template: policy(
    'outlierDetection: {}, loadBalancer: {localityLbSetting: {failover: [{from: a, to: b}], $}}',
  ),
  fault: 'Conflict spec.trafficPolicy.loadBalancer.localityLbSetting.failover',
  good: ['enabled: true', 'failoverPriority: [version]'],
  bad: ['distribute: [{from: a, to: {b: 100}}]'],
});

rule('failover regions', {
  kind,
  source: 'agent.ValidateLocalityLbSetting',
  template: policy('outlierDetection: {}, loadBalancer: {localityLbSetting: {failover: [{$}]}}'),
  fault: 'InvalidFailover spec.trafficPolicy.loadBalancer.localityLbSetting.failover[0]',
  good: ['from: a, to: b', 'from: us-east, to: us-west'],
  bad: ['from: a, to: a', 'from: a/b, to: c', 'from: "*", to: b', 'from: a, to: "b*"', ''],
});

rule('topology labels exclude failover', {
  kind,
  source: 'agent.ValidateLocalityLbSetting',
  template: policy(
    'outlierDetection: {}, loadBalancer: {localityLbSetting: {failover: [{from: a, to: b}], failoverPriority: [$]}}',
  ),
  fault: 'Conflict spec.trafficPolicy.loadBalancer.localityLbSetting.failoverPriority[0]',
  good: ['version', 'topology.istio.io/network'],
  bad: ['topology.kubernetes.io/region', 'topology.kubernetes.io/zone', 'topology.istio.io/subzone'],
});

rule('failover without outlier detection is pointless', {
  kind,
  source: 'agent.ValidateLocalityLbSetting',
  template: policy('loadBalancer: {localityLbSetting: {$}}'),
  hint: 'NoOutlierDetection spec.trafficPolicy.loadBalancer.localityLbSetting',
  good: ['enabled: false', ''],
  warned: ['failover: [{from: a, to: b}]', 'failoverPriority: [topology.istio.io/network]'],
});

rule('zone-aware balancing ranks zones itself', {
  kind,
  source: 'agent.ValidateZoneAwareLbSetting',
  template: policy('outlierDetection: {}, loadBalancer: {zoneAwareLbSetting: {failoverPriority: [$]}}'),
  fault: 'InvalidFailover spec.trafficPolicy.loadBalancer.zoneAwareLbSetting.failoverPriority[0]',
  good: ['version'],
  bad: ['topology.kubernetes.io/zone', 'topology.kubernetes.io/region'],
});

rule('one kind of locality', {
  kind,
  source: 'validateLoadBalancer',
  template: policy('loadBalancer: {zoneAwareLbSetting: {enabled: true}, $}'),
  fault: 'Conflict spec.trafficPolicy.loadBalancer.zoneAwareLbSetting',
  good: ['simple: ROUND_ROBIN'],
  bad: ['localityLbSetting: {enabled: true}'],
});

rule('warmup', {
  kind,
  source: 'validateLoadBalancer; CRD',
  template: policy('loadBalancer: {warmup: {duration: 1m, aggression: $}}'),
  fault: 'OutOfRange spec.trafficPolicy.loadBalancer.warmup.aggression',
  good: ['1', '0.5', '10'],
  bad: ['0', '-1'],
});

rule('outlier detection', {
  kind,
  source: 'validateOutlierDetection',
  template: policy('outlierDetection: {maxEjectionPercent: $}'),
  fault: 'InvalidPercentage spec.trafficPolicy.outlierDetection.maxEjectionPercent',
  good: ['0', '100'],
  bad: ['-1', '101'],
});

rule('local failures are split off first', {
  kind,
  source: 'validateOutlierDetection',
  template: policy('outlierDetection: {consecutiveLocalOriginFailures: 5, $}'),
  fault: 'InvalidOutlierDetection spec.trafficPolicy.outlierDetection.consecutiveLocalOriginFailures',
  good: ['splitExternalLocalOriginErrors: true'],
  bad: ['splitExternalLocalOriginErrors: false', 'interval: 1s'],
});

rule('former outlier setting', {
  kind,
  source: 'validateOutlierDetection',
  template: policy('outlierDetection: {consecutiveErrors: $}'),
  hint: 'Deprecated spec.trafficPolicy.outlierDetection.consecutiveErrors',
  good: ['0'],
  warned: ['1', '7'],
});

rule('outlier times', {
  kind,
  source: 'validateOutlierDetection',
  template: policy('outlierDetection: {interval: $}'),
  fault: 'InvalidDuration spec.trafficPolicy.outlierDetection.interval',
  good: ['1s', '5m'],
  bad: ['0s', '1.0001s'],
});

rule('mutual TLS needs a certificate', {
  kind,
  source: 'agent.ValidateTLS',
  template: policy('tls: {mode: $}'),
  fault: 'MissingField spec.trafficPolicy.tls',
  good: [
    'DISABLE',
    'SIMPLE',
    'ISTIO_MUTUAL',
    'MUTUAL, clientCertificate: /a, privateKey: /b',
    'MUTUAL, credentialName: c',
  ],
  bad: ['MUTUAL', 'MUTUAL, clientCertificate: /a', 'MUTUAL, privateKey: /b'],
});

rule('a credential excludes files', {
  kind,
  source: 'agent.ValidateTLS',
  template: policy('tls: {mode: $, credentialName: c, caCertificates: /ca}'),
  fault: 'Conflict spec.trafficPolicy.tls.caCertificates',
  good: ['DISABLE', 'ISTIO_MUTUAL'],
  bad: ['SIMPLE', 'MUTUAL'],
});

rule('no verification excludes what verifies', {
  kind,
  source: 'agent.ValidateTLS',
  template: policy('tls: {mode: SIMPLE, insecureSkipVerify: $, subjectAltNames: [a]}'),
  fault: 'Conflict spec.trafficPolicy.tls.subjectAltNames',
  good: ['false', 'null'],
  bad: ['true'],
});

rule('ConfigMap credentials are of the own namespace', {
  kind,
  source: 'agent.ValidateTLS, credentials.ParseResourceName',
  template: policy('tls: {mode: SIMPLE, credentialName: "$"}'),
  fault: 'InvalidCredential spec.trafficPolicy.tls.credentialName',
  good: ['c', 'kubernetes://ns/c', 'configmap://default/c'],
  bad: ['configmap://c', 'configmap://other/c', 'configmap:///c', 'configmap://default/'],
});

rule('tunnels', {
  kind,
  source: 'validateTunnelSettings',
  template: policy('tunnel: {targetPort: 443, targetHost: $}'),
  fault: 'InvalidHost spec.trafficPolicy.tunnel.targetHost',
  good: ['a.b', '10.0.0.1', '"::1"'],
  bad: ['"*.b"', '"a_b"', '""'],
});

rule('tunnel protocols', {
  kind,
  source: 'validateTunnelSettings',
  template: policy('tunnel: {targetPort: 443, targetHost: a.b, protocol: $}'),
  fault: 'InvalidValue spec.trafficPolicy.tunnel.protocol',
  good: ['CONNECT', 'POST', '""'],
  bad: ['GET', 'connect'],
});

rule('tunnel ports', {
  kind,
  source: 'validateTunnelSettings',
  template: policy('tunnel: {targetHost: a.b, targetPort: $}'),
  fault: 'InvalidPort spec.trafficPolicy.tunnel.targetPort',
  good: ['1', '65535'],
  bad: ['0', '65536'],
});

rule('tunnel or PROXY protocol', {
  kind,
  source: 'validateTrafficPolicy',
  template: policy('tunnel: {targetHost: a.b, targetPort: 1}, proxyProtocol: {version: $}'),
  fault: 'Conflict spec.trafficPolicy.proxyProtocol',
  bad: ['V1', 'V2'],
});

rule('port policies', {
  kind,
  source: 'validatePortTrafficPolicies',
  template: policy('portLevelSettings: [{$}]'),
  fault: 'MissingField spec.trafficPolicy.portLevelSettings[0]',
  good: ['port: {number: 80}, loadBalancer: {simple: RANDOM}', 'port: {number: 80}, tls: {}'],
  bad: ['loadBalancer: {simple: RANDOM}', 'port: {number: 80}', ''],
});

rule('subset names', {
  kind,
  source: 'validateSubsetName',
  template: '{host: a, subsets: [{name: $}]}',
  fault: 'InvalidSubset spec.subsets[0].name',
  good: ['v1', 'v-1', '"1"', 'V1'],
  bad: ['""', 'v_1', 'v.1', '-v', `${'v'.repeat(64)}`],
});

rule('subsets do not repeat', {
  kind,
  source: 'ValidateDestinationRule',
  template: '{host: a, subsets: [{name: v1}, {name: $}]}',
  fault: 'Duplicate spec.subsets[1].name',
  good: ['v2', 'V1'],
  bad: ['v1'],
});

rule('subset labels', {
  kind,
  source: 'labels.Instance.Validate',
  template: '{host: a, subsets: [{name: v1, labels: {version: $}}]}',
  fault: 'InvalidLabel spec.subsets[0].labels.version',
  good: ['v1', '""', 'a.b'],
  bad: ['"*"', '"a b"', '"@"'],
});

rule('a rule for some callers stays in its namespace', {
  kind,
  source: 'validateExportTo (workloadSelector)',
  template: '{host: a, workloadSelector: {matchLabels: {app: x}}, exportTo: [$]}',
  fault: 'InvalidExportTo spec.exportTo',
  good: ['"."', 'default', ''],
  bad: ['"*"', 'other', '".", other'],
});

rule('selectors', {
  kind,
  source: 'validateWorkloadSelector',
  template: '{host: a, workloadSelector: {matchLabels: {app: $}}}',
  fault: 'InvalidSelector spec.workloadSelector.matchLabels.app',
  good: ['x', '""'],
  bad: ['"*"', 'a*'],
});

rule('status codes that count as errors', {
  kind,
  source: 'CRD',
  template: policy('outlierDetection: {outlierDetectionHttpErrorCodes: [$]}'),
  fault: 'OutOfRange spec.trafficPolicy.outlierDetection.outlierDetectionHttpErrorCodes[0]',
  good: ['500', '100', '599'],
  bad: ['99', '600'],
});
