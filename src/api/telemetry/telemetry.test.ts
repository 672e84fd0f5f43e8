import { rule } from '../testing/rule-table.ts';

const kind = 'Telemetry';

rule('only one tracing entry counts', {
  kind,
  source: 'validateTelemetryTracing',
  template: '{tracing: [$]}',
  hint: 'Unsupported spec.tracing',
  good: ['', '{disableSpanReporting: true}'],
  warned: ['{}, {}'],
});

rule('only one tracing provider counts', {
  kind,
  source: 'validateTelemetryTracing',
  template: '{tracing: [{providers: [$]}]}',
  hint: 'Unsupported spec.tracing[0].providers',
  good: ['{name: a}'],
  warned: ['{name: a}, {name: b}'],
});

rule('sampling', {
  kind,
  source: 'validateTelemetryTracing; CRD',
  template: '{tracing: [{randomSamplingPercentage: $}]}',
  fault: 'OutOfRange spec.tracing[0].randomSamplingPercentage',
  good: ['0', '0.01', '100', 'null'],
  bad: ['-0.1', '100.1', '101'],
});

rule('one source of a tag', {
  kind,
  source: 'CRD oneOf',
  template: '{tracing: [{customTags: {t: {literal: {value: a}, $}}}]}',
  fault: 'Conflict spec.tracing[0].customTags.t.header',
  bad: ['header: {name: x}'],
});

rule('literal tags', {
  kind,
  source: 'validateTelemetryTracing; CRD minLength',
  template: '{tracing: [{customTags: {t: {literal: {value: $}}}}]}',
  fault: 'EmptyValue spec.tracing[0].customTags.t.literal.value',
  good: ['a', '"1"'],
  bad: ['""'],
});

rule('providers have names', {
  kind,
  source: 'validateTelemetryProviders; CRD',
  template: '{metrics: [{providers: [{$}]}]}',
  fault: 'MissingField spec.metrics[0].providers[0]',
  good: ['name: prometheus'],
  bad: [''],
});

rule('tags that are set need a value', {
  kind,
  source: 'validateTelemetryMetrics; CRD CEL',
  template: '{metrics: [{overrides: [{tagOverrides: {t: {$}}}]}]}',
  fault: 'MissingField spec.metrics[0].overrides[0].tagOverrides.t',
  good: ['value: request.host', 'operation: UPSERT, value: a', 'operation: REMOVE'],
  bad: ['', 'operation: UPSERT', 'value: ""'],
});

rule('tags that are removed have no value', {
  kind,
  source: 'validateTelemetryMetrics; CRD CEL',
  template: '{metrics: [{overrides: [{tagOverrides: {t: {operation: REMOVE, value: "$"}}}]}]}',
  fault: 'Conflict spec.metrics[0].overrides[0].tagOverrides.t.value',
  bad: ['a', ''],
});

rule('metrics', {
  kind,
  source: 'CRD enum',
  template: '{metrics: [{overrides: [{match: {metric: $}}]}]}',
  fault: 'InvalidValue spec.metrics[0].overrides[0].match.metric',
  good: ['ALL_METRICS', 'REQUEST_COUNT', 'GRPC_RESPONSE_MESSAGES'],
  bad: ['requests_total', 'request_count', '""'],
});

rule('one metric', {
  kind,
  source: 'CRD oneOf',
  template: '{metrics: [{overrides: [{match: {customMetric: a, $}}]}]}',
  fault: 'Conflict spec.metrics[0].overrides[0].match.customMetric',
  good: ['mode: CLIENT'],
  bad: ['metric: REQUEST_COUNT'],
});

rule('one way of attaching', {
  kind,
  source: 'validateOneOfSelectorType; CRD CEL',
  template: '{targetRefs: [{kind: Service, name: a}], $}',
  fault: 'Conflict spec.targetRefs',
  good: ['accessLogging: [{disabled: true}]'],
  bad: ['selector: {matchLabels: {a: b}}', 'targetRef: {kind: Service, name: b}'],
});

rule('reporting intervals', {
  kind,
  source: 'CRD duration rule',
  template: '{metrics: [{reportingInterval: $}]}',
  fault: 'InvalidDuration spec.metrics[0].reportingInterval',
  good: ['5s', '1m'],
  bad: ['x', '"5"', '0s'],
});

rule('filters are CEL', {
  kind,
  source: 'validateTelemetryFilter (cel.Env.Parse)',
  template: '{accessLogging: [{filter: {expression: $}}]}',
  fault: 'InvalidExpression spec.accessLogging[0].filter.expression',
  good: [
    'response.code >= 400',
    '\'response.code >= 400 && request.host == "a"\'',
    "'!has(response.code) || response.code >= 500 ? true : false'",
    '\'request.headers["x"].startsWith("a") && size(request.path) > 3\'',
    "'[1, 2, 3,].exists(x, x == 1)'",
    '\'{"a": 1, "b": [2]}["a"] in [1u, 0x1f, 1.5e3, .5]\'',
    "'-1 < --2 || !!true'",
    '\'google.protobuf.Duration{seconds: 1} == duration("1s")\'',
    '\'r"\\d" == b"x" // comment\'',
    "'connection.mtls'",
  ],
  bad: [
    '""',
    "'response.code >= '",
    "'response.code >= 400 &&'",
    "'(a'",
    "'a b'",
    "'a = b'",
    "'\"unfinished'",
    "'a.1'",
    "'for'",
    "'[1, 2'",
    "'a ? b'",
    "'a & b'",
    "'{1}'",
    "'@a'",
  ],
});
