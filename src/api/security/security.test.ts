import { rule } from '../testing/rule-table.ts';

const policy = 'AuthorizationPolicy';
const from = (source: string) => `{rules: [{from: [{source: {${source}}}]}]}`;
const to = (operation: string) => `{rules: [{to: [{operation: {${operation}}}]}]}`;
const when = (condition: string) => `{rules: [{when: [{${condition}}]}]}`;

rule('actions', {
  kind: policy,
  source: 'CRD enum',
  template: '{action: $, rules: [{}]}',
  fault: 'InvalidValue spec.action',
  good: ['ALLOW', 'DENY', 'AUDIT', 'CUSTOM, provider: {name: p}'],
  bad: ['allow', 'REJECT'],
});

rule('DENY without rules is meaningless', {
  kind: policy,
  source: 'ValidateAuthorizationPolicy',
  template: '{action: $}',
  fault: 'MissingField spec',
  good: ['ALLOW', 'AUDIT', 'DENY, rules: [{}]', 'null'],
  bad: ['DENY', 'CUSTOM', 'CUSTOM, rules: [{}]', 'CUSTOM, rules: [{}], provider: {name: ""}'],
});

rule('providers go with CUSTOM', {
  kind: policy,
  source: 'ValidateAuthorizationPolicy',
  template: '{action: $, provider: {name: p}, rules: [{}]}',
  fault: 'Conflict spec.provider',
  good: ['CUSTOM'],
  bad: ['ALLOW', 'DENY', 'AUDIT', 'null'],
});

rule('CUSTOM knows no identities', {
  kind: policy,
  source: 'ValidateAuthorizationPolicy (CUSTOM)',
  template: '{action: CUSTOM, provider: {name: p}, rules: [{from: [{source: {$: [a]}}]}]}',
  fault: 'Unsupported spec.rules[0].from[0].source.principals',
  bad: ['principals'],
});

rule('CUSTOM knows no identity attributes', {
  kind: policy,
  source: 'ValidateAuthorizationPolicy (CUSTOM)',
  template: '{action: CUSTOM, provider: {name: p}, rules: [{when: [{key: "$", values: [a]}]}]}',
  fault: 'Unsupported spec.rules[0].when[0].key',
  good: ['request.headers[x]', 'connection.sni'],
  bad: [
    'source.principal',
    'source.namespace',
    'source.serviceAccount',
    'source.trustDomain',
    'request.auth.claims[a]',
    'request.auth.principal',
  ],
});

rule('lists are not empty', {
  kind: policy,
  source: 'ValidateAuthorizationPolicy',
  template: '{rules: [{from: $}]}',
  fault: 'MissingField spec.rules[0].from',
  good: ['null', '[{source: {namespaces: [a]}}]'],
  bad: ['[]'],
});

rule('entries have a source', {
  kind: policy,
  source: 'ValidateAuthorizationPolicy',
  template: '{rules: [{from: [$]}]}',
  fault: 'MissingField spec.rules[0].from[0]',
  good: ['{source: {principals: ["*"]}}'],
  bad: ['{}'],
});

rule('sources say something', {
  kind: policy,
  source: 'ValidateAuthorizationPolicy',
  template: from('$'),
  fault: 'MissingField spec.rules[0].from[0].source',
  good: [
    'principals: [a]',
    'notIpBlocks: [1.1.1.1]',
    'trustDomains: [a]',
    'requestPrincipals: ["*"]',
    'remoteIpBlocks: [10.0.0.0/8]',
    'notNamespaces: [a]',
  ],
  bad: ['', 'principals: []', 'namespaces: [], ipBlocks: []'],
});

rule('addresses', {
  kind: policy,
  source: 'security.ValidateIPs',
  template: from('ipBlocks: ["$"]'),
  fault: 'InvalidAddress spec.rules[0].from[0].source.ipBlocks[0]',
  good: ['1.2.3.4', '1.2.3.0/24', '::1', '2001:db8::/32'],
  bad: ['1.2.3', '1.2.3.4/33', 'a', '*', '1.2.3.4-1.2.3.9'],
});

rule('values are not empty', {
  kind: policy,
  source: 'security.CheckEmptyValues',
  template: from('$: [""]'),
  fault: 'EmptyValue spec.rules[0].from[0].source.principals[0]',
  bad: ['principals'],
});

rule('service accounts', {
  kind: policy,
  source: 'security.CheckServiceAccount',
  template: from('serviceAccounts: ["$"]'),
  fault: 'InvalidServiceAccount spec.rules[0].from[0].source.serviceAccounts[0]',
  good: ['sa', 'ns/sa', 'a.b'],
  bad: ['*', 'ns/*', 'a/b/c', '/sa', 'ns/', 'ns/sa*'],
});

rule('service accounts stand alone', {
  kind: policy,
  source: 'ValidateAuthorizationPolicy; CRD CEL',
  template: from('serviceAccounts: [a], $'),
  fault: 'Conflict spec.rules[0].from[0].source.serviceAccounts',
  good: ['ipBlocks: [1.1.1.1]', 'requestPrincipals: [a]'],
  bad: ['principals: [a]', 'notPrincipals: [a]', 'namespaces: [a]', 'notNamespaces: [a]'],
});

rule('trust domains', {
  kind: policy,
  source: 'security.CheckTrustDomainValues',
  template: from('trustDomains: ["$"]'),
  fault: 'InvalidTrustDomain spec.rules[0].from[0].source.trustDomains[0]',
  good: ['cluster.local', '*', 'a*', '*.b'],
  bad: ['a/b', 'a*b', '*a*', '**'],
});

rule('operations say something', {
  kind: policy,
  source: 'ValidateAuthorizationPolicy',
  template: to('$'),
  fault: 'MissingField spec.rules[0].to[0].operation',
  good: ['methods: [GET]', 'paths: ["/a*"]', 'hosts: ["*.a.b"]', 'notPorts: ["80"]'],
  bad: ['', 'methods: []'],
});

rule('ports are numbers in text', {
  kind: policy,
  source: 'security.ValidatePorts',
  template: to('ports: ["$"]'),
  fault: 'InvalidPort spec.rules[0].to[0].operation.ports[0]',
  good: ['0', '80', '65535'],
  bad: ['65536', '-1', 'http', '80-90', '*'],
});

rule('path templates', {
  kind: policy,
  source: 'security.CheckValidPathTemplate',
  template: to('paths: ["$"]'),
  fault: 'InvalidPath spec.rules[0].to[0].operation.paths[0]',
  good: ['/a', '/a*', '*', '/{*}', '/a/{*}/b', '/a/{**}', '/{*}/{**}', '/a-b_c.d~e/{*}', '/x y'],
  bad: ['/{**}/{*}', '/{**}/{**}', '/a{*}', '/{*}a', '/{a}', '/}', '/x y/{*}', '/a*/{*}', '/{***}'],
});

rule('attributes', {
  kind: policy,
  source: 'security.ValidateAttribute',
  template: when('key: "$", values: [a]'),
  good: [
    'source.namespace',
    'source.principal',
    'request.auth.principal',
    'request.auth.audiences',
    'request.auth.presenter',
    'connection.sni',
    'request.headers[User-Agent]',
    'request.auth.claims[iss]',
    'request.auth.claims[a][b]',
    'experimental.envoy.filters.network.mysql_proxy[db.table]',
    'source.serviceAccount',
    'source.trustDomain',
  ],
  fault: 'UnknownAttribute spec.rules[0].when[0].key',
  bad: [
    'foo',
    'source.user',
    'request.header[x]',
    'destination.namespace',
    'destination.labels[a]',
    'destination.name',
    'destination.user',
    'Source.ip',
  ],
});

rule('keyed attributes have a key', {
  kind: policy,
  source: 'security.validateMapKey',
  template: when('key: "$", values: [a]'),
  fault: 'InvalidAttribute spec.rules[0].when[0].key',
  bad: ['request.headers', 'request.headers[]', 'request.auth.claims', 'request.headers[a'],
});

rule('attributes of addresses', {
  kind: policy,
  source: 'security.ValidateAttribute',
  template: when('key: source.ip, values: ["$"]'),
  fault: 'InvalidAddress spec.rules[0].when[0].values[0]',
  good: ['1.1.1.1', '10.0.0.0/8'],
  bad: ['a', '1.1.1.1/40'],
});

rule('attributes of ports', {
  kind: policy,
  source: 'security.ValidateAttribute',
  template: when('key: destination.port, notValues: ["$"]'),
  fault: 'InvalidPort spec.rules[0].when[0].notValues[0]',
  good: ['80'],
  bad: ['http', '70000'],
});

rule('conditions have values', {
  kind: policy,
  source: 'ValidateAuthorizationPolicy',
  template: when('key: source.ip$'),
  fault: 'MissingField spec.rules[0].when[0]',
  good: [', values: [1.1.1.1]', ', notValues: [1.1.1.1]'],
  bad: ['', ', values: []'],
});

rule('DENY on HTTP attributes also hits TCP', {
  kind: policy,
  source: 'ValidateAuthorizationPolicy (warning)',
  template: '{action: DENY, rules: [{$}]}',
  hint: 'DeniesTcp spec.rules[0]',
  good: [
    'from: [{source: {namespaces: [a]}}]',
    'to: [{operation: {ports: ["80"], methods: [GET]}}]',
    '',
    'from: [{source: {ipBlocks: [1.1.1.1]}}]',
  ],
  warned: [
    'from: [{source: {requestPrincipals: [a]}}]',
    'to: [{operation: {methods: [GET]}}]',
    'to: [{operation: {paths: [/a]}}]',
    'from: [{source: {namespaces: [a]}}], to: [{operation: {hosts: [a]}}]',
  ],
});

rule('one way of attaching', {
  kind: policy,
  source: 'validateOneOfSelectorType; CRD CEL',
  template: '{selector: {matchLabels: {a: b}}, $}',
  fault: 'Conflict spec.targetRefs',
  good: ['targetRefs: null', 'rules: [{}]'],
  bad: ['targetRefs: [{kind: Service, name: a}]', 'targetRefs: []'],
});

rule('targets', {
  kind: policy,
  source: 'validatePolicyTargetReference',
  template: '{targetRefs: [{name: a, $}]}',
  fault: 'InvalidTarget spec.targetRefs[0]',
  good: [
    'kind: Service',
    'kind: Gateway, group: gateway.networking.k8s.io',
    'kind: GatewayClass, group: gateway.networking.k8s.io',
    'kind: ServiceEntry, group: networking.istio.io',
    'kind: Service, group: ""',
  ],
  bad: [
    'kind: Pod',
    'kind: Gateway',
    'kind: Gateway, group: networking.istio.io',
    'kind: Service, group: apps',
  ],
});

rule('targets are in the same namespace', {
  kind: policy,
  source: 'validatePolicyTargetReference; CRD CEL',
  template: '{targetRefs: [{kind: Service, name: a, namespace: "$"}]}',
  fault: 'InvalidTarget spec.targetRefs[0].namespace',
  good: [''],
  bad: ['other', 'default'],
});

rule('dry runs', {
  kind: policy,
  source: 'checkDryRunAnnotation',
  template: '{rules: [{}]}',
  metadata: '{annotations: {istio.io/dry-run: "$"}}',
  fault: 'InvalidAnnotation metadata.annotations["istio.io/dry-run"]',
  good: ['true', 'false', '1', 'T'],
  bad: ['yes', '', 'on'],
});

const peer = 'PeerAuthentication';

rule('modes', {
  kind: peer,
  source: 'CRD enum',
  template: '{mtls: {mode: $}}',
  fault: 'InvalidValue spec.mtls.mode',
  good: ['STRICT', 'PERMISSIVE', 'DISABLE', 'UNSET'],
  bad: ['strict', 'MUTUAL', '""'],
});

rule('ports need a selector', {
  kind: peer,
  source: 'ValidatePeerAuthentication; CRD CEL',
  template: '{portLevelMtls: {80: {mode: STRICT}}$}',
  fault: 'MissingField spec.portLevelMtls',
  good: [', selector: {matchLabels: {a: b}}'],
  bad: ['', ', selector: {}', ', selector: {matchLabels: {}}'],
});

rule('port numbers', {
  kind: peer,
  source: 'ValidatePeerAuthentication; CRD CEL',
  template: '{selector: {matchLabels: {a: b}}, portLevelMtls: {"$": {mode: STRICT}}}',
  fault: 'InvalidPort spec.portLevelMtls["0"]',
  good: ['1', '65535'],
  bad: ['0'],
});

rule('selectors', {
  kind: peer,
  source: 'validateWorkloadSelector',
  template: '{selector: {matchLabels: {a: $}}, mtls: {mode: STRICT}}',
  fault: 'InvalidSelector spec.selector.matchLabels.a',
  good: ['b', '""'],
  bad: ['"*"', 'b*'],
});

const request = 'RequestAuthentication';
const jwt = (fields: string) => `{jwtRules: [{issuer: i, ${fields}}]}`;

rule('an issuer or its keys', {
  kind: request,
  source: 'validateJwtRule',
  template: '{jwtRules: [{$}]}',
  fault: 'MissingField spec.jwtRules[0]',
  good: ['issuer: i', 'jwksUri: "https://a/b"', 'jwks_uri: "https://a/b"', 'issuer: i, audiences: [a]'],
  bad: ['', 'audiences: [a]', 'jwks: ""'],
});

rule('key locations', {
  kind: request,
  source: 'security.ParseJwksURI; CRD CEL',
  template: jwt('jwksUri: "$"'),
  fault: 'InvalidUrl spec.jwtRules[0].jwksUri',
  good: ['http://a', 'https://a.b/c', 'https://a:8443/x'],
  bad: ['a.b/c', 'ftp://a', 'https//a', 'file:///a'],
});

rule('keys', {
  kind: request,
  source: 'validateJwtRule (jwk.Parse)',
  template: jwt("jwks: '$'"),
  fault: 'InvalidJwks spec.jwtRules[0].jwks',
  good: [
    '{"keys":[]}',
    '{"keys":[{"kty":"RSA","n":"a","e":"AQAB"}]}',
    '{"kty":"EC","crv":"P-256","x":"a","y":"b"}',
  ],
  bad: ['{', '[]', '{"keys":[{"kty":"X"}]}', '{"keys":{}}', '{"keys":[{"kty":"RSA"}]}', '"a"'].filter(
    (text) => text !== '[]',
  ),
});

rule('private keys do not belong here', {
  kind: request,
  source: 'warnPrivateJwksKeys',
  template: jwt("jwks: '$'"),
  hint: 'PrivateKey spec.jwtRules[0].jwks',
  warned: ['{"keys":[{"kty":"RSA","n":"a","e":"AQAB","d":"x"}]}', '{"keys":[{"kty":"oct","k":"x"}]}'],
});

rule('one source of keys', {
  kind: request,
  source: 'CRD CEL',
  template: jwt(`jwksUri: "https://a", $`),
  fault: 'Conflict spec.jwtRules[0].jwks',
  good: ['timeout: 1s'],
  bad: [`jwks: '{"keys":[]}'`],
});

rule('claim headers', {
  kind: request,
  source: 'ValidateStrictHTTPHeaderName; CRD',
  template: jwt('outputClaimToHeaders: [{claim: c, header: "$"}]'),
  fault: 'InvalidHeader spec.jwtRules[0].outputClaimToHeaders[0].header',
  good: ['x-a', 'X_A', 'a1'],
  bad: [':path', 'a b', 'a.b'],
});

rule('names of locations', {
  kind: request,
  source: 'validateJwtRule; CRD minLength',
  template: jwt('fromParams: ["$"]'),
  fault: 'TooFew spec.jwtRules[0].fromParams[0]',
  good: ['token'],
  bad: [''],
});

rule('fetch timeouts', {
  kind: request,
  source: 'validateJwtRule, agent.ValidateDuration',
  template: jwt('timeout: $'),
  fault: 'InvalidDuration spec.jwtRules[0].timeout',
  good: ['1s', '10ms'],
  bad: ['0s', 'x', '0.5ms'],
});
