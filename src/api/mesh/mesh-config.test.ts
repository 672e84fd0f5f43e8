import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseYaml } from '../../base/yaml.ts';
import { defaultMeshConfig, defaultProxyConfig } from './defaults.ts';
import { applyMeshConfig, applyProxyConfig, readMeshNetworks } from './mesh-config.ts';

const codes = (text: string) =>
  applyMeshConfig(parseYaml(text)).issues.map((issue) => `${issue.severity} ${issue.code} ${issue.path}`);

test('nothing written means the defaults, which are valid', () => {
  assert.deepEqual(applyMeshConfig(undefined), { config: defaultMeshConfig(), issues: [] });
  assert.deepEqual(applyMeshConfig({}).config, defaultMeshConfig());
});

test('fields replace, proxy settings and providers merge', () => {
  const { config, issues } = applyMeshConfig(
    parseYaml(`
accessLogFile: /dev/stdout
outboundTrafficPolicy: {mode: REGISTRY_ONLY}
defaultConfig:
  holdApplicationUntilProxyStarts: true
  proxyMetadata: {A: b}
defaultProviders: {accessLogging: [envoy]}
extensionProviders:
- name: envoy
  envoyFileAccessLog: {path: /tmp/log}
- name: zipkin
  zipkin: {service: zipkin.istio-system.svc.cluster.local, port: 9411}
trustDomainAliases: [old.example]
`),
  );
  assert.deepEqual(issues, []);
  assert.equal(config.outboundTrafficPolicy?.mode, 'REGISTRY_ONLY');
  assert.equal(config.connectTimeout, '10s');
  assert.equal(config.defaultConfig?.holdApplicationUntilProxyStarts, true);
  assert.equal(config.defaultConfig?.drainDuration, '45s');
  assert.deepEqual(
    config.extensionProviders?.map((provider) => provider.name),
    ['prometheus', 'stackdriver', 'envoy', 'zipkin'],
  );
  assert.equal(config.extensionProviders?.[2]?.envoyFileAccessLog?.path, '/tmp/log');
  assert.deepEqual(config.trustDomainAliases, ['old.example']);
});

test('proto3 JSON leniency: names, numbers as text, enum numbers', () => {
  const { config, issues } = applyMeshConfig(
    parseYaml(
      '{enable_auto_mtls: false, proxyListenPort: "15001", ingressControllerMode: 1, default_config: {proxy_metadata: {A: b}}, connect_timeout: 1s}',
    ),
  );
  assert.deepEqual(issues, []);
  assert.equal(config.enableAutoMtls, false);
  assert.equal(config.proxyListenPort, 15001);
  assert.equal(config.ingressControllerMode, 'OFF');
  assert.equal(config.connectTimeout, '1s');
  assert.deepEqual(config.defaultConfig?.proxyMetadata, { A: 'b' });
});

/** Settings and the issue each must give. Source: agent.ValidateMeshConfig and what it calls. */
const faults: readonly [settings: string, issue: string][] = [
  ['{acessLogFile: /dev/stdout}', 'error UnknownField acessLogFile'],
  ['{accessLogFile: 3}', 'error WrongType accessLogFile'],
  ['{proxyListenPort: 0}', 'error InvalidPort proxyListenPort'],
  ['{proxyListenPort: 70000}', 'error InvalidPort proxyListenPort'],
  ['{connectTimeout: 0s}', 'error InvalidDuration connectTimeout'],
  ['{connectTimeout: 2h}', 'error InvalidDuration connectTimeout'],
  ['{protocolDetectionTimeout: 1.5ms}', 'error InvalidDuration protocolDetectionTimeout'],
  ['{trustDomain: ""}', 'error InvalidTrustDomain trustDomain'],
  ['{trustDomain: "a_b"}', 'error InvalidTrustDomain trustDomain'],
  ['{trustDomainAliases: ["a/b"]}', 'error InvalidTrustDomain trustDomainAliases[0]'],
  ['{serviceSettings: [{hosts: ["a_b"]}]}', 'error InvalidHost serviceSettings[0].hosts[0]'],
  [
    '{localityLbSetting: {distribute: [{from: a, to: {b: 90}}]}}',
    'error InvalidWeight localityLbSetting.distribute[0].to',
  ],
  [
    '{localityLbSetting: {failover: [{from: a, to: a}]}}',
    'error InvalidFailover localityLbSetting.failover[0]',
  ],
  ['{meshMTLS: {ecdhCurves: [P-256]}}', 'error Unsupported meshMTLS.ecdhCurves'],
  ['{tlsDefaults: {ecdhCurves: [P-999]}}', 'warning UnknownCurve tlsDefaults.ecdhCurves[0]'],
  ['{tlsDefaults: {ecdhCurves: [P-256, P-256]}}', 'warning Duplicate tlsDefaults.ecdhCurves[1]'],
  [
    '{defaultTrafficPolicy: {outlierDetection: {maxEjectionPercent: 101}}}',
    'error InvalidPercentage defaultTrafficPolicy.outlierDetection.maxEjectionPercent',
  ],
  [
    '{defaultInboundHttpRetryPolicy: {attempts: -1}}',
    'error InvalidRetries defaultInboundHttpRetryPolicy.attempts',
  ],
  [
    '{defaultInboundHttpRetryPolicy: {attempts: 1, perTryTimeout: 1s}}',
    'warning IneffectiveSettings defaultInboundHttpRetryPolicy.perTryTimeout',
  ],
  ['{outboundTrafficPolicy: {mode: ALLOW}}', 'error InvalidValue outboundTrafficPolicy.mode'],
  ['{defaultConfig: {discoveryAddress: istiod}}', 'error InvalidAddress defaultConfig.discoveryAddress'],
  ['{defaultConfig: {discoveryAddress: "istiod:0"}}', 'error InvalidPort defaultConfig.discoveryAddress'],
  ['{defaultConfig: {discoveryAddress: ""}}', 'error MissingField defaultConfig.discoveryAddress'],
  ['{defaultConfig: {drainDuration: 1500ms}}', 'error InvalidDuration defaultConfig.drainDuration'],
  ['{defaultConfig: {statusPort: 0}}', 'error InvalidPort defaultConfig.statusPort'],
  ['{defaultConfig: {proxyAdminPort: 99999}}', 'error InvalidPort defaultConfig.proxyAdminPort'],
  [
    '{defaultConfig: {controlPlaneAuthPolicy: INHERIT}}',
    'error InvalidValue defaultConfig.controlPlaneAuthPolicy',
  ],
  [
    '{defaultConfig: {tracing: {zipkin: {address: zipkin}}}}',
    'error InvalidAddress defaultConfig.tracing.zipkin.address',
  ],
  [
    '{defaultConfig: {tracing: {lightstep: {address: "a:1"}}}}',
    'error MissingField defaultConfig.tracing.lightstep',
  ],
  ['{defaultConfig: {statsdUdpAddress: a}}', 'error InvalidAddress defaultConfig.statsdUdpAddress'],
  [
    '{defaultConfig: {privateKeyProvider: {cryptomb: {}}}}',
    'error MissingField defaultConfig.privateKeyProvider.cryptomb',
  ],
  [
    '{defaultConfig: {connectionSettings: {http2InitialStreamWindowSize: 100}}}',
    'error OutOfRange defaultConfig.connectionSettings.http2InitialStreamWindowSize',
  ],
  [
    '{defaultConfig: {connectionSettings: {httpIdleTimeout: -1s}}}',
    'error InvalidDuration defaultConfig.connectionSettings.httpIdleTimeout',
  ],
  [
    '{defaultConfig: {proxyMetadata: {ISTIO_META_DNS_AUTO_ALLOCATE: "true"}}}',
    'warning Deprecated defaultConfig.proxyMetadata.ISTIO_META_DNS_AUTO_ALLOCATE',
  ],
  ['{extensionProviders: [{name: a}]}', 'warning MissingField extensionProviders[3]'],
  [
    '{extensionProviders: [{name: a, zipkin: {service: a.b, port: 0}}]}',
    'warning InvalidPort extensionProviders[3].zipkin.port',
  ],
  [
    '{extensionProviders: [{name: a, envoyExtAuthzHttp: {service: "", port: 1}}]}',
    'warning MissingField extensionProviders[3].envoyExtAuthzHttp.service',
  ],
  [
    '{extensionProviders: [{name: a, envoyExtAuthzHttp: {service: a.b, port: 1, pathPrefix: x}}]}',
    'warning InvalidPath extensionProviders[3].envoyExtAuthzHttp.pathPrefix',
  ],
  [
    '{extensionProviders: [{name: a, envoyExtAuthzGrpc: {service: a.b, port: 1, statusOnError: "999"}}]}',
    'warning InvalidStatus extensionProviders[3].envoyExtAuthzGrpc.statusOnError',
  ],
  [
    '{extensionProviders: [{name: a, zipkin: {}, datadog: {}}]}',
    'error Conflict extensionProviders[0].datadog',
  ],
];

test('faults of mesh settings are found', () => {
  const wrong = faults
    .filter(([settings, issue]) => !codes(settings).includes(issue))
    .map(([settings, issue]) => `${settings}: ${issue}, found ${codes(settings).join('; ')}`);
  assert.deepEqual(wrong, []);
});

test('with errors the settings before stay in effect', () => {
  const { config, issues } = applyMeshConfig({ connectTimeout: 'x', accessLogFile: '/a' });
  assert.equal(issues.length, 1);
  assert.equal(config.accessLogFile, '');
});

test('settings of one proxy lie over those of the mesh', () => {
  const { config, issues } = applyProxyConfig(
    { concurrency: 2, tracingServiceName: 'CANONICAL_NAME_ONLY' },
    defaultProxyConfig(),
  );
  assert.deepEqual(issues, []);
  assert.equal(config.concurrency, 2);
  assert.equal(config.serviceCluster, undefined);
  assert.equal(config.statusPort, 15020);
});

test('networks are checked', () => {
  const good = parseYaml(
    '{networks: {n: {endpoints: [{fromCidr: 10.0.0.0/8}, {fromRegistry: c1}], gateways: [{address: 1.1.1.1, port: 15443}, {registryServiceName: a.b, port: 1}]}}}',
  );
  assert.deepEqual(readMeshNetworks(good).issues, []);
  const bad = readMeshNetworks(
    parseYaml('{networks: {n: {endpoints: [{fromCidr: x}], gateways: [{address: "a_b", port: 0}]}}}'),
  );
  assert.deepEqual(
    bad.issues.map((issue) => issue.path),
    ['networks.n.endpoints[0].fromCidr', 'networks.n.gateways[0].address', 'networks.n.gateways[0].port'],
  );
});
