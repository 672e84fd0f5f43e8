import { rule } from '../testing/rule-table.ts';

const kind = 'Sidecar';
const egress = (hosts: string) => `{egress: [{hosts: [${hosts}]}]}`;
const ingress = (fields: string) =>
  `{ingress: [{port: {number: 80, name: http, protocol: HTTP}, ${fields}}]}`;

rule('a Sidecar says something', {
  kind,
  source: 'ValidateSidecar',
  template: '{$}',
  fault: 'MissingField spec',
  good: [
    'egress: [{hosts: ["*/*"]}]',
    'outboundTrafficPolicy: {mode: REGISTRY_ONLY}',
    'inboundConnectionPool: {tcp: {maxConnections: 1}}',
    'outboundTrafficPolicy: {}',
  ],
  bad: ['', 'workloadSelector: {labels: {app: a}}', 'egress: []'],
});

rule('egress hosts', {
  kind,
  source: 'agent.ValidateNamespaceSlashWildcardHostname (sidecar)',
  template: egress('"$"'),
  fault: 'InvalidHost spec.egress[0].hosts[0]',
  good: ['*/*', './*', '~/*', 'ns/*', 'ns/a.b', 'ns/*.a.b', '~ns/*', './a.b.svc.cluster.local'],
  bad: ['a.b', '*', 'ns/', '/a.b', 'ns/short', 'ns/*a.b', 'ns/a.*.b', 'ns/10.0.0.1', ''],
});

rule('egress namespaces', {
  kind,
  source: 'agent.ValidateNamespaceSlashWildcardHostname (sidecar)',
  template: egress('"$/a.b"'),
  fault: 'InvalidNamespace spec.egress[0].hosts[0]',
  good: ['*', '.', '~', 'ns', '~ns', '~*', '~.'],
  bad: ['a.b', 'a_b', '-a', '~a_b'],
});

rule('egress hosts repeat', {
  kind,
  source: 'ValidateSidecar',
  template: egress('$'),
  hint: 'Duplicate spec.egress[0].hosts[1]',
  good: ['ns/a.b, ns/c.d', 'ns/a.b, other/a.b', '"~ns/*", "./*"'],
  warned: ['ns/a.b, ns/a.b', '"ns/*", ns/a.b', 'ns/a.b, "ns/*"', '"./*", "default/*"'],
});

rule('the listener without port comes last', {
  kind,
  source: 'ValidateSidecar',
  template: '{egress: [{hosts: ["*/*"]}, {port: {number: $, protocol: HTTP, name: x}, hosts: ["*/*"]}]}',
  fault: 'InvalidOrder spec.egress[0]',
  bad: ['80', '443'],
});

rule('egress ports do not repeat', {
  kind,
  source: 'ValidateSidecar',
  template:
    '{egress: [{port: {number: 80, protocol: HTTP}, hosts: ["*/*"]}, {port: {number: $, protocol: HTTP}, hosts: ["*/*"]}]}',
  fault: 'Duplicate spec.egress[1].port.number',
  good: ['81'],
  bad: ['80'],
});

rule('egress sockets', {
  kind,
  source: 'validateSidecarEgressPortBindAndCaptureMode',
  template: '{egress: [{port: {number: 0, protocol: MONGO, name: x}, bind: "$", hosts: ["*/*"]}]}',
  fault: 'InvalidPort spec.egress[0].port',
  good: ['unix:///a', 'unix://@a'],
  bad: ['', '127.0.0.1'],
});

rule('sockets are not captured', {
  kind,
  source: 'validateSidecarEgressPortBindAndCaptureMode',
  template: '{egress: [{port: {protocol: MONGO}, bind: "unix:///a", captureMode: $, hosts: ["*/*"]}]}',
  fault: 'Conflict spec.egress[0].captureMode',
  good: ['DEFAULT', 'NONE'],
  bad: ['IPTABLES'],
});

rule('binds', {
  kind,
  source: 'validateSidecarIngressPortAndBind',
  template: ingress('bind: "$"'),
  fault: 'InvalidAddress spec.ingress[0].bind',
  good: ['', '1.1.1.1', '::1'],
  bad: ['unix:///a', 'localhost'],
});

rule('default endpoints', {
  kind,
  source: 'ValidateSidecar',
  template: ingress('defaultEndpoint: "$"'),
  fault: 'InvalidAddress spec.ingress[0].defaultEndpoint',
  good: ['127.0.0.1:8080', '0.0.0.0:80', '[::1]:80', '[::]:80', 'unix:///a/b', 'unix://@a', ':80', ''],
  bad: ['1.1.1.1:80', 'localhost:80', '127.0.0.1', '127.0.0.1:x', 'unix://a', '::1:80'],
});

rule('default endpoint ports', {
  kind,
  source: 'ValidateSidecar, agent.ValidatePort',
  template: ingress('defaultEndpoint: "127.0.0.1:$"'),
  fault: 'InvalidPort spec.ingress[0].defaultEndpoint',
  good: ['1', '65535'],
  bad: ['0', '65536'],
});

rule('ingress ports do not repeat', {
  kind,
  source: 'ValidateSidecar',
  template:
    '{ingress: [{port: {number: 80, protocol: HTTP, name: a}}, {port: {number: $, protocol: HTTP, name: b}}]}',
  fault: 'Duplicate spec.ingress[1].port.number',
  good: ['81'],
  bad: ['80'],
});

rule('TLS at the sidecar', {
  kind,
  source: 'ValidateSidecar',
  template:
    '{ingress: [{port: {number: 443, protocol: HTTPS, name: a}, tls: {mode: SIMPLE, serverCertificate: /c, privateKey: /k, $}}]}',
  fault: 'Unsupported spec.ingress[0].tls.httpsRedirect',
  good: ['minProtocolVersion: TLSV1_2'],
  bad: ['httpsRedirect: true'],
});

rule('TLS modes at the sidecar', {
  kind,
  source: 'ValidateSidecar',
  template: '{ingress: [{port: {number: 443, protocol: TLS, name: a}, tls: {mode: $}}]}',
  fault: 'Unsupported spec.ingress[0].tls.mode',
  good: ['PASSTHROUGH', 'SIMPLE, serverCertificate: /c, privateKey: /k'],
  bad: ['ISTIO_MUTUAL', 'AUTO_PASSTHROUGH'],
});

rule('TLS needs a TLS port', {
  kind,
  source: 'ValidateSidecar',
  template:
    '{ingress: [{port: {number: 443, protocol: $, name: a}, tls: {mode: SIMPLE, serverCertificate: /c, privateKey: /k}}]}',
  fault: 'Conflict spec.ingress[0].tls',
  good: ['HTTPS', 'TLS'],
  bad: ['HTTP', 'TCP'],
});

rule('HTTP limits need an HTTP port', {
  kind,
  source: 'ValidateSidecar',
  template:
    '{ingress: [{port: {number: 80, protocol: $, name: a}, connectionPool: {http: {maxRetries: 1}}}]}',
  hint: 'IneffectiveSettings spec.ingress[0].connectionPool.http',
  good: ['HTTP', 'GRPC'],
  warned: ['TCP', 'MONGO'],
});

rule('egress proxies', {
  kind,
  source: 'validateSidecarOutboundTrafficPolicy',
  template: '{outboundTrafficPolicy: {mode: $, egressProxy: {host: a.b, port: {number: 80}}}}',
  fault: 'Conflict spec.outboundTrafficPolicy.egressProxy',
  good: ['ALLOW_ANY'],
  bad: ['REGISTRY_ONLY', 'null'],
});

rule('egress proxies have a port', {
  kind,
  source: 'validateSidecarOutboundTrafficPolicy',
  template: '{outboundTrafficPolicy: {mode: ALLOW_ANY, egressProxy: {host: a.b$}}}',
  fault: 'MissingField spec.outboundTrafficPolicy.egressProxy',
  good: [', port: {number: 1}', ', port: {number: 1}, subset: v1'],
  bad: ['', ', subset: v1'],
});

rule('a selector without labels', {
  kind,
  source: 'ValidateAlphaWorkloadSelector',
  template: '{egress: [{hosts: ["*/*"]}], workloadSelector: $}',
  hint: 'EmptySelector spec.workloadSelector',
  good: ['{labels: {a: b}}', 'null'],
  warned: ['{}', '{labels: {}}'],
});

const patch = (fields: string) => `{configPatches: [{${fields}}]}`;
const add = 'patch: {operation: ADD, value: {name: x}}';

rule('patches are complete', {
  kind: 'EnvoyFilter',
  source: 'validateEnvoyFilter',
  template: patch('$'),
  fault: 'MissingField spec.configPatches[0]',
  good: [`applyTo: CLUSTER, ${add}`, 'applyTo: CLUSTER, patch: {operation: REMOVE}'],
  bad: ['', 'applyTo: CLUSTER', 'applyTo: INVALID', add],
});

rule('operations and values', {
  kind: 'EnvoyFilter',
  source: 'validateEnvoyFilter',
  template: patch('applyTo: CLUSTER, patch: {$}'),
  fault: 'MissingField spec.configPatches[0].patch',
  good: ['operation: MERGE, value: {}', 'operation: REMOVE'],
  bad: ['', 'value: {}', 'operation: INVALID', 'operation: ADD', 'operation: MERGE'],
});

rule('the match fits what is patched', {
  kind: 'EnvoyFilter',
  source: 'validateEnvoyFilter',
  template: patch(`applyTo: $, match: {cluster: {name: a}}, ${add}`),
  fault: 'Conflict spec.configPatches[0].match.cluster',
  good: ['CLUSTER', 'EXTENSION_CONFIG', 'BOOTSTRAP'],
  bad: [
    'LISTENER',
    'FILTER_CHAIN',
    'NETWORK_FILTER',
    'HTTP_FILTER',
    'ROUTE_CONFIGURATION',
    'VIRTUAL_HOST',
    'HTTP_ROUTE',
  ],
});

rule('sub filters are HTTP filters', {
  kind: 'EnvoyFilter',
  source: 'validateEnvoyFilter',
  template: patch(
    `applyTo: $, match: {listener: {filterChain: {filter: {name: envoy.filters.network.http_connection_manager, subFilter: {name: a}}}}}, ${add}`,
  ),
  fault: 'Conflict spec.configPatches[0].match.listener.filterChain.filter.subFilter',
  good: ['HTTP_FILTER'],
  bad: ['NETWORK_FILTER', 'LISTENER', 'FILTER_CHAIN'],
});

rule('filters have names', {
  kind: 'EnvoyFilter',
  source: 'validateEnvoyFilter',
  template: patch(`applyTo: NETWORK_FILTER, match: {listener: {filterChain: {filter: {$}}}}, ${add}`),
  fault: 'MissingField spec.configPatches[0].match.listener.filterChain.filter',
  good: ['name: a'],
  bad: ['', 'name: ""'],
});

rule('former filter names', {
  kind: 'EnvoyFilter',
  source: 'validateListenerMatchName',
  template: patch(`applyTo: NETWORK_FILTER, match: {listener: {filterChain: {filter: {name: $}}}}, ${add}`),
  hint: 'Deprecated spec.configPatches[0].match.listener.filterChain.filter.name',
  good: ['envoy.filters.network.tcp_proxy', 'mine'],
  warned: ['envoy.tcp_proxy', 'envoy.http_connection_manager', 'envoy.router', 'envoy.rate_limit'],
});

rule('proxy versions are RE2', {
  kind: 'EnvoyFilter',
  source: 'validateEnvoyFilter',
  template: patch(`applyTo: CLUSTER, match: {proxy: {proxyVersion: '$'}}, ${add}`),
  fault: 'InvalidRegex spec.configPatches[0].match.proxy.proxyVersion',
  good: ['^1\\.30.*', '1.2'],
  bad: ['(', '1(?=.2)'],
});

rule('typed configuration has a type', {
  kind: 'EnvoyFilter',
  source: 'xds.BuildXDSObjectFromStruct',
  template: patch('applyTo: HTTP_FILTER, patch: {operation: ADD, value: {name: x, typed_config: $}}'),
  fault: 'InvalidType spec.configPatches[0].patch.value.typed_config',
  good: ['{"@type": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua}', '{}'],
  bad: ['{inlineCode: x}', 'x', '3'],
});

rule('the v2 API is gone', {
  kind: 'EnvoyFilter',
  source: 'validateEnvoyFilter (.v2. hint)',
  template: patch(
    'applyTo: HTTP_FILTER, patch: {operation: ADD, value: {name: x, typed_config: {"@type": $}}}',
  ),
  fault: 'InvalidType spec.configPatches[0].patch.value.typed_config.@type',
  good: ['type.googleapis.com/envoy.extensions.filters.http.router.v3.Router'],
  bad: ['type.googleapis.com/envoy.config.filter.http.lua.v2.Lua', 'Lua', '7'],
});

rule('waypoints', {
  kind: 'EnvoyFilter',
  source: 'CRD CEL',
  template: patch(`applyTo: HTTP_FILTER, match: {context: $}, ${add}`),
  fault: 'Conflict spec.configPatches[0].match',
  good: ['ANY', 'GATEWAY', 'WAYPOINT, waypoint: {}'],
  bad: ['WAYPOINT', 'ANY, waypoint: {}'],
});
