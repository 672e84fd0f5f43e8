import { rule } from '../testing/rule-table.ts';

const kind = 'VirtualService';
const to = 'http: [{route: [{destination: {host: a}}]}]';
const route = (fields: string) => `{hosts: [a], http: [{route: [{destination: {host: a}}], ${fields}}]}`;
const onGateway = (hosts: string) => `{hosts: ${hosts}, gateways: [gw], ${to}}`;
const long = 'x'.repeat(64);

rule('hosts of sidecars are names or addresses, never a bare wildcard', {
  kind,
  source: 'ValidateVirtualService, agent.ValidateWildcardDomain',
  template: `{hosts: [$], ${to}}`,
  fault: 'InvalidHost spec.hosts[0]',
  good: [
    'a',
    'reviews',
    'reviews.default.svc.cluster.local',
    '"*.example.com"',
    '"*-foo.example.com"',
    'A.Example.COM',
    'a.',
    '10.0.0.1',
    '"::1"',
    'x0.y1',
    `${'a.'.repeat(100)}com`,
  ],
  bad: [
    '"*"',
    '"a_b"',
    '"-a"',
    'a-',
    'a..b',
    '"a b"',
    '"http://a"',
    'a/b',
    '"a:80"',
    '"a.*.b"',
    '"foo.*"',
    long,
    '"$x"',
    `${'a.'.repeat(128)}com`,
    '""',
    'a.1',
    '"*a*.b"',
  ],
});

rule('hosts at gateways may be the bare wildcard', {
  kind,
  source: 'ValidateVirtualService',
  template: onGateway('[$]'),
  fault: 'InvalidHost spec.hosts[0]',
  good: ['"*"', '"*.com"', 'a.b', '10.1.1.1'],
  bad: ['"a_b"', '"*.*"', '"**"'],
});

rule('generated SNI hosts are taken at gateways', {
  kind,
  source: 'agent.ValidateWildcardDomainForVirtualServiceBoundToGateway',
  template:
    '{hosts: [$], gateways: [gw], tls: [{match: [{sniHosts: [$]}], route: [{destination: {host: a}}]}]}',
  fault: 'InvalidHost spec.hosts[0]',
  good: ['outbound_.80_._.e2e.foobar.mesh', 'outbound_.443_._.a.b', 'a.b'],
  bad: ['outbound_.80', 'outbound_.eighty_._.a.b', 'outbound_.80_._.1', 'outbound_'],
});

rule('hosts must not overlap', {
  kind,
  source: 'ValidateVirtualService, host.Name.Matches',
  template: onGateway('[$]'),
  fault: 'Duplicate spec.hosts[1]',
  good: ['a.com, b.com', '"*.a.com", b.com', '"*.foo.com", foo.com', 'a, a.b'],
  bad: ['a.com, a.com', '"*.com", a.com', 'a.com, "*.com"', '"*", a.com', '"*.a.com", "*.com"'],
});

rule('something must be routed', {
  kind,
  source: 'ValidateVirtualService',
  template: '{hosts: [a]$}',
  fault: 'MissingField spec',
  good: [
    `, ${to}`,
    ', tcp: [{route: [{destination: {host: a}}]}]',
    ', tls: [{match: [{sniHosts: [a]}], route: [{destination: {host: a}}]}]',
  ],
  bad: ['', ', http: []', ', tcp: [], tls: []'],
});

rule('a delegate has http routes only', {
  kind,
  source: 'ValidateVirtualService (delegate)',
  template: `{${to}$}`,
  fault: 'InvalidDelegate spec.gateways',
  good: ['', ', gateways: []', ', exportTo: ["."]'],
  bad: [', gateways: [gw]', ', gateways: [mesh]', ', gateways: [ns/gw]'],
});

rule('a delegate has neither tls nor tcp', {
  kind,
  source: 'ValidateVirtualService (delegate)',
  template: `{${to}, tcp: [{route: [{destination: {host: $}}]}]}`,
  fault: 'InvalidDelegate spec.tcp',
  bad: ['a', 'b.c'],
});

rule('gateway names', {
  kind,
  source: 'validateGatewayNames',
  template: `{hosts: [a.b], gateways: [$], ${to}}`,
  fault: 'InvalidGatewayName spec.gateways[0]',
  good: ['gw', 'ns/gw', 'mesh', 'gw, mesh', 'ns/gw, other/gw'],
  bad: ['/gw', 'ns/', 'a/b/c', 'ns/a.b', '"ns/a_b"', '"a_b"', '"*"', '""', 'a.b/c'],
});

rule('former gateway names are taken with advice', {
  kind,
  source: 'validateGatewayNames (legacy)',
  template: `{hosts: [a.b], gateways: [$], ${to}}`,
  hint: 'LegacyGatewayName spec.gateways[0]',
  warned: ['gw.ns', 'gw.ns.svc.cluster.local'],
});

rule('after a short gateway name only advice is given', {
  kind,
  source: 'validateGatewayNames (returns early)',
  template: `{hosts: [a.b], gateways: [mesh, $], ${to}}`,
  hint: 'InvalidGatewayName spec.gateways[1]',
  warned: ['"a_b"', 'ns/', '/x'],
});

rule('exportTo', {
  kind,
  source: 'validateExportTo, visibility.Validate',
  template: `{hosts: [a], exportTo: [$], ${to}}`,
  fault: 'InvalidExportTo spec.exportTo[0]',
  good: ['"."', '"*"', 'ns', 'a, b', '".", ns2'],
  bad: ['"~"', '"a.b"', '"a/b"', '"-a"', '"a b"'],
});

rule('exportTo does not repeat', {
  kind,
  source: 'validateExportTo',
  template: `{hosts: [a], exportTo: [$], ${to}}`,
  fault: 'Duplicate spec.exportTo[1]',
  bad: ['a, a', '"*", "*"', '".", default', 'default, "."'],
});

rule('exportTo everything stands alone', {
  kind,
  source: 'validateExportTo',
  template: `{hosts: [a], exportTo: [$], ${to}}`,
  fault: 'InvalidExportTo spec.exportTo',
  bad: ['"*", a', 'a, "*"', '".", "*"'],
});

rule('weights are shares of their sum', {
  kind,
  source: 'validateHTTPRouteDestinations, validateWeight',
  template: '{hosts: [a], http: [{route: [$]}]}',
  fault: 'InvalidWeight spec.http[0].route',
  good: [
    '{destination: {host: a}}',
    '{destination: {host: a}, weight: 0}',
    '{destination: {host: a}, weight: 80}, {destination: {host: b}, weight: 20}',
    '{destination: {host: a}, weight: 1}, {destination: {host: b}, weight: 2}',
    '{destination: {host: a}, weight: 100}, {destination: {host: b}}',
    '{destination: {host: a}, weight: 1000}, {destination: {host: b}, weight: 1}',
  ],
  bad: [
    '{destination: {host: a}}, {destination: {host: b}}',
    '{destination: {host: a}, weight: 0}, {destination: {host: b}, weight: 0}',
    '{destination: {host: a}}, {destination: {host: b}, weight: 0}, {destination: {host: c}}',
  ],
});

rule('no weight is negative', {
  kind,
  source: 'validateWeight',
  template: '{hosts: [a], http: [{route: [{destination: {host: a}, weight: $}]}]}',
  fault: 'InvalidWeight spec.http[0].route[0].weight',
  good: ['0', '1', '100', '2147483647'],
  bad: ['-1', '-15', '-2147483648'],
});

rule('destination hosts', {
  kind,
  source: 'validateDestination',
  template: '{hosts: [a], http: [{route: [{destination: {host: $}}]}]}',
  fault: 'InvalidHost spec.http[0].route[0].destination.host',
  good: ['a', 'a.b.c', '"*.b.c"', 'a-b'],
  bad: ['"*"', '"a_b"', '""', 'a/b', '"a:8080"'],
});

rule('destination subsets and ports', {
  kind,
  source: 'validateSubsetName, validatePortSelector',
  template: '{hosts: [a], http: [{route: [{destination: {host: a, $}}]}]}',
  fault: 'InvalidSubset spec.http[0].route[0].destination.subset',
  good: ['subset: v1', 'subset: V-1', 'subset: ""', 'port: {number: 80}'],
  bad: ['subset: "v_1"', 'subset: "a.b"', 'subset: "-a"', `subset: ${long}`],
});

rule('destination ports are real', {
  kind,
  source: 'validatePortSelector, agent.ValidatePort',
  template: '{hosts: [a], http: [{route: [{destination: {host: a, port: {number: $}}}]}]}',
  fault: 'InvalidPort spec.http[0].route[0].destination.port.number',
  good: ['1', '8080', '65535'],
  bad: ['0', '65536', '4294967295'],
});

rule('a redirect stands alone', {
  kind,
  source: 'validateHTTPRouteConflict',
  template: '{hosts: [a], http: [{redirect: {uri: /x}, $}]}',
  fault: 'Conflict spec.http[0].fault',
  good: ['name: r', 'timeout: 1s'],
  bad: ['fault: {abort: {httpStatus: 500}}', 'fault: {delay: {fixedDelay: 1s}}'],
});

rule('a redirect excludes a route', {
  kind,
  source: 'validateHTTPRouteConflict',
  template: '{hosts: [a], http: [{$, route: [{destination: {host: a}}]}]}',
  fault: 'Conflict spec.http[0].route',
  bad: ['redirect: {authority: b}', 'directResponse: {status: 200}'],
});

rule('a direct response stands alone', {
  kind,
  source: 'validateHTTPRouteConflict',
  template: '{hosts: [a], http: [{directResponse: {status: 200}, $}]}',
  fault: 'Conflict spec.http[0].rewrite',
  good: ['name: r', 'headers: {response: {set: {x: y}}}'],
  bad: ['rewrite: {uri: /x}', 'rewrite: {authority: x}'],
});

rule('a route does something', {
  kind,
  source: 'validateHTTPRouteConflict',
  template: '{hosts: [a], http: [{$}]}',
  fault: 'MissingField spec.http[0]',
  good: [
    'redirect: {uri: /x}',
    'directResponse: {status: 503}',
    'delegate: {name: d}',
    'delegate: {name: d, namespace: n}',
  ],
  bad: ['name: x', 'match: [{uri: {prefix: /}}]', 'route: []', 'timeout: 1s', 'rewrite: {uri: /}'],
});

rule('a root route only delegates', {
  kind,
  source: 'validateHTTPRouteConflict (root)',
  template: '{hosts: [a], http: [{delegate: {name: d}, route: [{destination: {host: $}}]}]}',
  fault: 'Conflict spec.http[0].route',
  bad: ['a', 'b'],
});

rule('a delegate does not delegate', {
  kind,
  source: 'validateHTTPRouteConflict (delegate)',
  template: '{http: [{delegate: {name: $}}]}',
  fault: 'InvalidDelegate spec.http[0].delegate',
  bad: ['d', 'e'],
});

rule('mirror or mirrors', {
  kind,
  source: 'validateHTTPRouteConflict',
  template: route('mirror: {host: b}, $'),
  fault: 'Conflict spec.http[0].mirrors',
  good: ['mirrorPercentage: {value: 10}', 'mirrors: []'],
  bad: ['mirrors: [{destination: {host: c}}]'],
});

rule('mirror percentages', {
  kind,
  source: 'validateHTTPRoute (mirrorPercentage)',
  template: route('mirror: {host: b}, mirrorPercentage: {value: $}'),
  fault: 'InvalidPercentage spec.http[0].mirrorPercentage.value',
  good: ['0', '0.1', '50', '100'],
  bad: ['-1', '100.1', '101'],
});

rule('percentages of mirrors', {
  kind,
  source: 'validateHTTPMirrors',
  template: route('mirrors: [{destination: {host: b}, percentage: {value: $}}]'),
  fault: 'InvalidPercentage spec.http[0].mirrors[0].percentage.value',
  good: ['0', '33.3', '100'],
  bad: ['-0.5', '200'],
});

rule('mirrorPercent is a former form', {
  kind,
  source: 'validateHTTPRoute (mirrorPercent)',
  template: route('mirror: {host: b}, mirrorPercent: $'),
  hint: 'Deprecated spec.http[0].mirrorPercent',
  fault: 'InvalidPercentage spec.http[0].mirrorPercent',
  warned: ['0', '100'],
  bad: ['101', '4294967295'],
});

rule('redirects say where to', {
  kind,
  source: 'validateHTTPRedirect',
  template: '{hosts: [a], http: [{redirect: {$}}]}',
  fault: 'InvalidRedirect spec.http[0].redirect',
  good: [
    'uri: /x',
    'authority: b',
    'scheme: https',
    'port: 8080',
    'derivePort: FROM_REQUEST_PORT',
    'prefixRewrite: /y',
    'uri: /x, redirectCode: 308',
  ],
  bad: ['', 'redirectCode: 301', 'uri: ""'],
});

rule('redirect codes', {
  kind,
  source: 'validateHTTPRedirect',
  template: '{hosts: [a], http: [{redirect: {uri: /, redirectCode: $}}]}',
  fault: 'InvalidStatus spec.http[0].redirect.redirectCode',
  good: ['0', '300', '301', '302', '303', '307', '308', '399'],
  bad: ['200', '299', '400', '404'],
});

rule('redirect schemes and conflicts', {
  kind,
  source: 'validateHTTPRedirect',
  template: '{hosts: [a], http: [{redirect: {scheme: $}}]}',
  fault: 'InvalidRedirect spec.http[0].redirect.scheme',
  good: ['http', 'https'],
  bad: ['HTTPS', 'ftp', 'h2'],
});

rule('prefixRewrite needs prefix matches', {
  kind,
  source: 'validateHTTPRedirect',
  template: '{hosts: [a], http: [{match: [{uri: {$}}], redirect: {prefixRewrite: /x}}]}',
  fault: 'InvalidRedirect spec.http[0].redirect.prefixRewrite',
  good: ['prefix: /a', 'prefix: /'],
  bad: ['exact: /a', 'regex: /a.*'],
});

rule('response statuses', {
  kind,
  source: 'validateHTTPDirectResponse, validateHTTPStatus',
  template: '{hosts: [a], http: [{directResponse: {status: $}}]}',
  fault: 'InvalidStatus spec.http[0].directResponse.status',
  good: ['200', '404', '503', '599', '600'],
  bad: ['0', '100', '199', '601', '1000'],
});

rule('large bodies', {
  kind,
  source: 'validateHTTPDirectResponse',
  template: '{hosts: [a], http: [{directResponse: {status: 200, body: {string: $}}}]}',
  fault: 'BodyTooLarge spec.http[0].directResponse.body',
  hint: 'BodyTooLarge spec.http[0].directResponse.body',
  good: ['hello', 'x'.repeat(100 * 1024)],
  warned: ['x'.repeat(100 * 1024 + 1)],
  bad: ['x'.repeat(1024 * 1024 + 1)],
});

rule('rewrites say what', {
  kind,
  source: 'validateHTTPRewrite, validateURIRegexRewrite',
  template: route('rewrite: {$}'),
  fault: 'InvalidRewrite spec.http[0].rewrite',
  good: [
    'uri: /x',
    'authority: b',
    'uri: /x, authority: b',
    "uriRegexRewrite: {match: '^/a/(.*)', rewrite: '/\\1'}",
  ],
  bad: ['', 'uri: ""', 'authority: ""'],
});

rule('regex rewrites are whole', {
  kind,
  source: 'validateURIRegexRewrite',
  template: route('rewrite: {uriRegexRewrite: {$}}'),
  fault: 'InvalidRewrite spec.http[0].rewrite.uriRegexRewrite',
  bad: ['match: x', 'rewrite: x', 'match: "", rewrite: x', ''],
});

rule('regular expressions are RE2', {
  kind,
  source: 'validateStringMatchRegexp, validateStringRegexp',
  template: route('match: [{uri: {regex: $}}]'),
  fault: 'InvalidRegex spec.http[0].match[0].uri.regex',
  good: ["'.*'", "'/a/[0-9]+'", "'(?i)/x'", "'a|b'", `'${'a'.repeat(1024)}'`, "'\\d+'", "'a{1,1000}'"],
  bad: ["''", "'('", "'['", "'*'", "'a(?=b)'", "'(?<!a)b'", "'\\1'", `'${'a'.repeat(1025)}'`, "'a{2,1}'"],
});

rule('prefixes of headers, methods and the rest are not empty', {
  kind,
  source: 'validateStringMatch',
  template: route('match: [{method: {$}}]'),
  fault: 'InvalidMatch spec.http[0].match[0].method.prefix',
  good: ['exact: GET', 'prefix: G', 'exact: ""', 'regex: GET|POST', ''],
  bad: ['prefix: ""'],
});

rule('header names of matches', {
  kind,
  source: 'ValidateHTTPHeaderNameOrJwtClaimRoute',
  template:
    '{hosts: [a.b], gateways: [g], http: [{match: [{headers: {$: {exact: x}}}], route: [{destination: {host: a}}]}]}',
  good: [
    'x-foo',
    'X-FOO',
    '":authority"',
    '":path"',
    '"@request.auth.claims.sub"',
    '"@request.auth.claims[a][b]"',
    '"x!#$%&\'*+.^`|~"',
    'x_y',
  ],
});

rule('bad header names of matches', {
  kind,
  source: 'ValidateHTTPHeaderNameOrJwtClaimRoute',
  template: route('match: [{headers: {$: {exact: x}}}]'),
  fault: 'InvalidHeader spec.http[0].match[0].headers["a b"]',
  bad: ['"a b"'],
});

rule('claims are matched at gateways only', {
  kind,
  source: 'ValidateVirtualService (JWT claim routing)',
  template:
    '{hosts: [a.b], gateways: [$], http: [{match: [{headers: {"@request.auth.claims.x": {exact: y}}}], route: [{destination: {host: a}}]}]}',
  fault: 'InvalidHeader spec.http[0].match[0].headers["@request.auth.claims.x"]',
  good: ['g', 'ns/g, other'],
  bad: ['mesh', 'ns/g, mesh', ''],
});

rule('withoutHeaders takes a star', {
  kind,
  source: 'validateHTTPRouteMatchRequest',
  template: route('match: [{withoutHeaders: {x: {regex: $}}}]'),
  fault: 'InvalidRegex spec.http[0].match[0].withoutHeaders.x.regex',
  good: ['"*"', "'a.*'"],
  bad: ['"**"', '"["', '""'],
});

rule('match ports, labels and namespaces', {
  kind,
  source: 'validateHTTPRouteMatchRequest',
  template: route('match: [{$}]'),
  fault: 'InvalidPort spec.http[0].match[0].port',
  good: [
    'port: 0',
    'port: 80',
    'sourceLabels: {app: a, version: v1}',
    'sourceLabels: {app: ""}',
    'sourceNamespace: ns',
    'sourceNamespace: ""',
    'gateways: [mesh]',
    'statPrefix: p',
  ],
  bad: ['port: 65536', 'port: 70000'],
});

rule('source labels', {
  kind,
  source: 'labels.Instance.Validate',
  template: route('match: [{sourceLabels: {app: $}}]'),
  fault: 'InvalidLabel spec.http[0].match[0].sourceLabels.app',
  good: ['a', 'a.b_c-d', 'A1', '"1"'],
  bad: ['"*"', '"-a"', '"a b"', '"a/b"', 'a-'],
});

rule('source namespaces', {
  kind,
  source: 'validateHTTPRouteMatchRequest',
  template: route('match: [{sourceNamespace: $}]'),
  fault: 'InvalidNamespace spec.http[0].match[0].sourceNamespace',
  good: ['a', 'a-b'],
  bad: ['"a.b"', '"*"', 'a/b', long],
});

rule('header changes', {
  kind,
  source: 'ValidateHTTPHeaderWithAuthorityOperationName, ValidateHTTPHeaderOperationName',
  template: route('headers: {request: {set: {$: x}}}'),
  good: ['x-a', '":authority"', 'host', 'Host'],
});

rule('pseudo headers cannot be changed', {
  kind,
  source: 'ValidateHTTPHeaderWithAuthorityOperationName',
  template: route('headers: {request: {add: {":path": $}}}'),
  fault: 'InvalidHeader spec.http[0].headers.request.add[":path"]',
  bad: ['x', 'y'],
});

rule('responses have no authority', {
  kind,
  source: 'ValidateHTTPHeaderOperationName',
  template: route('headers: {response: {set: {host: $}}}'),
  fault: 'InvalidHeader spec.http[0].headers.response.set.host',
  bad: ['x', 'y'],
});

rule('removed headers', {
  kind,
  source: 'ValidateHTTPHeaderOperationName',
  template: route('headers: {request: {remove: [$]}}'),
  fault: 'InvalidHeader spec.http[0].headers.request.remove[0]',
  good: ['x-a', 'cookie'],
  bad: ['host', 'Host', '":authority"', '":path"', '""'],
});

rule('header values are formats', {
  kind,
  source: 'ValidateHTTPHeaderValue, validateHeaderValue',
  template: route('headers: {request: {set: {x: $}}}'),
  fault: 'InvalidHeader spec.http[0].headers.request.set.x',
  good: [
    'plain',
    '"100%%"',
    "'%START_TIME%'",
    "'%REQ(:path)%'",
    '\'%UPSTREAM_METADATA(["ns", "key"])%\'',
    '""',
    "'a\tb'",
  ],
  bad: [
    "'100%'",
    "'%'",
    "'%X'",
    "'%REQ(a'",
    "'%A([b])%'",
    '\'%A(["a" x])%\'',
    "'%A(b)x%'",
    '"a\\nb"',
    '"a\\0b"',
    '"\\x7f"',
  ],
});

rule('the authority is rewritten once', {
  kind,
  source: 'validateAuthorityRewrite',
  template: route('rewrite: {authority: b}, headers: {request: {set: {$: c}}}'),
  fault: 'Conflict spec.http[0].headers.request.set.host',
  good: ['x-a'],
  bad: ['host'],
});

rule('retries', {
  kind,
  source: 'agent.ValidateHTTPRetry',
  template: route('retries: {$}'),
  fault: 'InvalidRetries spec.http[0].retries',
  good: [
    'attempts: 3',
    'attempts: 0',
    'attempts: 2, perTryTimeout: 2s',
    'attempts: 1, backoff: 10ms',
    'attempts: 1, retryRemoteLocalities: true',
    '',
  ],
  bad: [
    'perTryTimeout: 2s',
    'attempts: 0, retryOn: 5xx',
    'attempts: 0, retryRemoteLocalities: false',
    'retryOn: reset',
  ],
});

rule('attempts are not negative', {
  kind,
  source: 'agent.ValidateHTTPRetry',
  template: route('retries: {attempts: $}'),
  fault: 'InvalidRetries spec.http[0].retries.attempts',
  bad: ['-1', '-100'],
});

rule('retry conditions', {
  kind,
  source: 'agent.ValidateHTTPRetry, supportedRetryOnPolicies',
  template: route('retries: {attempts: 1, retryOn: "$"}'),
  fault: 'InvalidRetryOn spec.http[0].retries.retryOn',
  good: [
    '5xx',
    'gateway-error',
    'reset',
    'connect-failure,refused-stream',
    '503',
    '5xx,429',
    'cancelled',
    'unavailable',
    'retriable-4xx',
    'reset-before-request',
    '',
  ],
  bad: ['foo', '5xx, reset', '5xx,', '999', '1', 'FIVE', 'gateway error'],
});

rule('durations', {
  kind,
  source: 'agent.ValidateDuration, CRD duration rule',
  template: route('timeout: $'),
  fault: 'InvalidDuration spec.http[0].timeout',
  good: ['1s', '10ms', '1.5s', '1h30m', '0.001s', '100h', '1m'],
  bad: ['"10"', 'abc', '0s', '0.5ms', '-1s', '1d', '""', '1.0005s', '10 s', 's'],
});

rule('fault percentages', {
  kind,
  source: 'validatePercentage',
  template: route('fault: {abort: {httpStatus: 500, percentage: {value: $}}}'),
  fault: 'InvalidPercentage spec.http[0].fault.abort.percentage.value',
  good: ['0', '0.0001', '50', '100'],
  bad: ['-1', '0.00001', '100.01', '101'],
});

rule('faults are complete', {
  kind,
  source: 'validateHTTPFaultInjection',
  template: route('fault: {$}'),
  fault: 'InvalidFault spec.http[0].fault',
  good: [
    'abort: {httpStatus: 503}',
    'delay: {fixedDelay: 5s}',
    'delay: {}',
    'abort: {grpcStatus: UNAVAILABLE}, delay: {fixedDelay: 1s, percentage: {value: 1}}',
  ],
  bad: [''],
});

rule('an abort without error does nothing', {
  kind,
  source: 'validateHTTPFaultInjectionAbort',
  template: route('fault: {abort: {$}}'),
  hint: 'InvalidFault spec.http[0].fault.abort',
  warned: ['', 'percentage: {value: 10}'],
});

rule('gRPC statuses have names', {
  kind,
  source: 'validateGRPCStatus',
  template: route('fault: {abort: {grpcStatus: $}}'),
  fault: 'InvalidStatus spec.http[0].fault.abort.grpcStatus',
  good: ['OK', 'UNAVAILABLE', 'NOT_FOUND', 'DATA_LOSS', 'DEADLINE_EXCEEDED'],
  bad: ['unavailable', '"14"', 'BROKEN', '""'],
});

rule('unsupported faults are refused', {
  kind,
  source: 'validateHTTPFaultInjectionDelay',
  template: route('fault: {delay: {exponentialDelay: $}}'),
  fault: 'Unsupported spec.http[0].fault.delay.exponentialDelay',
  bad: ['1s', '2s'],
});

rule('CORS origins', {
  kind,
  source: 'validateAllowOrigins',
  template: route('corsPolicy: {allowOrigins: [{$}]}'),
  fault: 'InvalidMatch spec.http[0].corsPolicy.allowOrigins[0]',
  good: ['exact: "*"', 'prefix: https', "regex: 'https://.*'"],
  bad: ['', 'exact: ""', 'prefix: ""'],
});

rule('CORS methods', {
  kind,
  source: 'validateCORSHTTPMethod',
  template: route('corsPolicy: {allowMethods: [$]}'),
  fault: 'InvalidMethod spec.http[0].corsPolicy.allowMethods[0]',
  good: ['GET', 'POST', '"*"', 'OPTIONS', 'TRACE', 'CONNECT'],
  bad: ['get', 'FETCH', '""'],
});

rule('CORS headers', {
  kind,
  source: 'ValidateCORSHTTPHeaderName',
  template: route('corsPolicy: {allowHeaders: [$]}'),
  fault: 'InvalidHeader spec.http[0].corsPolicy.allowHeaders[0]',
  good: ['x-a', '"*"', 'Content-Type'],
  bad: ['"a b"', '""', '"a:b"'],
});

rule('CORS ages are whole seconds', {
  kind,
  source: 'validateCORSPolicy',
  template: route('corsPolicy: {maxAge: $}'),
  fault: 'InvalidDuration spec.http[0].corsPolicy.maxAge',
  good: ['1s', '24h', '1m30s'],
  bad: ['1.5s', '1ms', '0s'],
});

rule('TLS routes', {
  kind,
  source: 'validateTLSRoute, validateTLSMatch',
  template: '{hosts: ["*.a.com"], tls: [{match: [{sniHosts: [$]}], route: [{destination: {host: a}}]}]}',
  fault: 'InvalidHost spec.tls[0].match[0].sniHosts[0]',
  good: ['b.a.com', '"*.a.com"', '"*.b.a.com"'],
  bad: ['a.com', 'b.c.com', '"*.com"', '"a_b.a.com"', '"*"'],
});

rule('SNI is a name', {
  kind,
  source: 'validateSniHost',
  template: '{hosts: [a.com], tls: [{match: [{sniHosts: ["$"]}], route: [{destination: {host: a}}]}]}',
  hint: 'SniIsAddress spec.tls[0].match[0].sniHosts[0]',
  warned: ['10.0.0.1', '::1'],
});

rule('subnets', {
  kind,
  source: 'agent.ValidateIPSubnet',
  template:
    '{hosts: [a.com], tcp: [{match: [{destinationSubnets: ["$"]}], route: [{destination: {host: a}}]}]}',
  fault: 'InvalidAddress spec.tcp[0].match[0].destinationSubnets[0]',
  good: ['10.0.0.0/8', '10.0.0.1', '::1/128', '2001:db8::/32', '1.2.3.4/0'],
  bad: ['10.0.0.0/33', '10.0.0', 'a', '10.0.0.0/8/8', '10.0.0.0/', '::1/129', '1.2.3.4/08', ''],
});

rule('TCP weights', {
  kind,
  source: 'validateRouteDestinations',
  template: '{hosts: [a.com], tcp: [{route: [$]}]}',
  fault: 'InvalidWeight spec.tcp[0].route',
  good: [
    '{destination: {host: a}}',
    '{destination: {host: a}, weight: 1}, {destination: {host: b}, weight: 3}',
  ],
  bad: ['{destination: {host: a}}, {destination: {host: b}}'],
});

rule('TCP routes lead somewhere', {
  kind,
  source: 'validateTCPRoute',
  template: '{hosts: [a.com], tcp: [{match: [{port: 80}], route: $}]}',
  fault: 'MissingField spec.tcp[0].route',
  bad: ['[]'],
});

const two = (first: string, second: string) =>
  `${first}route: [{destination: {host: a}}]}, {${second}route: [{destination: {host: b}}]`;

rule('rules that are never reached', {
  kind,
  source: 'analyzeUnreachableHTTPRules',
  template: '{hosts: [a], http: [{$}]}',
  hint: 'UnreachableRule spec.http[1]',
  good: [
    two('match: [{uri: {exact: /a}}], ', ''),
    two('match: [{uri: {exact: /a}}], ', 'match: [{uri: {exact: /b}}], '),
  ],
  warned: [
    two('', ''),
    two('', 'match: [{uri: {exact: /a}}], '),
    two('match: [{uri: {exact: /a}}], ', 'match: [{uri: {exact: /a}}], '),
    two('match: [{name: x, uri: {exact: /a}}], ', 'match: [{uri: {exact: /a}}], '),
  ],
});

rule('prefixes that an earlier prefix covers', {
  kind,
  source: 'analyzeUnreachableHTTPRules, coveredValidation',
  template: '{hosts: [a], http: [{$}]}',
  hint: 'IneffectiveMatch spec.http[1].match[0]',
  good: [
    two('match: [{uri: {prefix: /a/b}}], ', 'match: [{uri: {prefix: /a}}], '),
    two('match: [{uri: {prefix: /a}, port: 80}], ', 'match: [{uri: {prefix: /a/b}}], '),
    two('match: [{uri: {prefix: /a}, headers: {x: {exact: "1"}}}], ', 'match: [{uri: {prefix: /a/b}}], '),
  ],
  warned: [
    two('match: [{uri: {prefix: /a}}], ', 'match: [{uri: {prefix: /a/b}}], '),
    two('match: [{uri: {prefix: /}}], ', 'match: [{uri: {prefix: /x}}], '),
    two(
      'match: [{uri: {prefix: /a}, headers: {x: {exact: "1"}}}], ',
      'match: [{uri: {prefix: /a/b}, headers: {x: {exact: "1"}}}], ',
    ),
  ],
});

rule('unknown fields, wrong types and duplicate settings', {
  kind,
  source: 'CRD; strict decoding',
  template: '{hosts: [a], http: [{route: [{destination: {host: a}}], $}]}',
  fault: 'WrongType spec.http[0].timeout',
  bad: ['timeout: 10', 'timeout: {}', 'timeout: []', 'timeout: true'],
});

rule('a slip is named', {
  kind,
  source: 'strict decoding',
  template: '{hosts: [a], http: [{route: [{destination: {host: a}}], timeuot: $}]}',
  fault: 'UnknownField spec.http[0].timeuot',
  bad: ['1s', '{}', '[]'],
});

rule('only one of exact, prefix and regex', {
  kind,
  source: 'CRD oneOf',
  template: route('match: [{uri: {exact: /a, $}}]'),
  fault: 'Conflict spec.http[0].match[0].uri.prefix',
  bad: ['prefix: /b', 'prefix: /b, regex: c'],
});

rule('null means absent', {
  kind,
  source: 'Kubernetes structural pruning of nulls',
  template: `{hosts: [a], gateways: $, exportTo: $, ${to}}`,
  good: ['null', '~'],
});

rule('annotations that decide', {
  kind,
  source: 'validateMetadata',
  template: `{hosts: [a], ${to}}`,
  metadata: '{annotations: {$: "true"}}',
  fault: 'InvalidAnnotation metadata.annotations["istio.io/dry-run"]',
  good: ['a.b/c', 'argocd.argoproj.io/sync-wave'],
  bad: ['istio.io/dry-run'],
});

rule('annotations nobody may set', {
  kind,
  source: 'validateMetadata',
  template: `{hosts: [a], ${to}}`,
  metadata: '{annotations: {"internal.istio.io/parents": $}}',
  fault: 'InvalidAnnotation metadata.annotations["internal.istio.io/parents"]',
  bad: ['x', 'y'],
});

rule('TLS routes say what they match', {
  kind,
  source: 'CRD required; validateTLSRoute',
  template: '{hosts: [a], gateways: [g], tls: [{$}]}',
  fault: 'MissingField spec.tls[0]',
  bad: ['', 'route: [{destination: {host: a}}]', 'match: null'],
});
