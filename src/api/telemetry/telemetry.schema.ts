import {
  as,
  atMostOne,
  double,
  duration,
  list,
  map,
  oneOfWords,
  optionalFlag,
  record,
  rules,
  type Schema,
  text,
} from '../schema/schema.ts';
import { labelSelector, onlyOneOf, targetRef, targetRefs } from '../schema/selector.schema.ts';

const modes = ['CLIENT_AND_SERVER', 'CLIENT', 'SERVER'];
const mode = oneOfWords('Which side reports: CLIENT the caller, SERVER the one called.', modes, {
  fallback: 'CLIENT_AND_SERVER',
});

const providers = list(
  record(
    'ProviderRef',
    'An extension provider of the mesh.',
    { name: text('Name of the provider.', { minLength: 1 }) },
    { required: ['name'] },
  ),
  'Extension providers to use.',
  { fallback: 'the default providers of the mesh, or those of the wider object' },
);

const named = (
  title: string,
  description: string,
  field: Schema,
  more: Record<string, Schema> = {},
): Schema => record(title, description, { name: field, ...more }, { required: ['name'] });
const valued = (title: string, description: string): Schema =>
  record(title, description, { value: text('Value of the tag.', { minLength: 1 }) }, { required: ['value'] });
const defaultValue = text('Value when there is none.');

const customTag = record(
  'CustomTag',
  'Where the value of a tag comes from.',
  {
    literal: valued('LiteralTag', 'A fixed value.'),
    environment: named(
      'EnvironmentTag',
      'An environment variable of the proxy.',
      text('Name of the variable.', { minLength: 1 }),
      {
        defaultValue,
      },
    ),
    header: named('RequestHeaderTag', 'A request header.', text('Name of the header.', { minLength: 1 }), {
      defaultValue,
    }),
    formatter: valued('FormatterTag', 'An access-log format of Envoy.'),
  },
  atMostOne(['literal', 'environment', 'header', 'formatter']),
);

const tracing = record('Tracing', 'How requests are traced.', {
  match: record('TracingSelector', 'Which side this is for.', { mode }),
  providers,
  randomSamplingPercentage: double('Share of the requests that are traced unless they arrive traced.', {
    minimum: 0,
    maximum: 100,
    nullable: true,
    fallback: 'as the mesh says, 1',
  }),
  disableSpanReporting: optionalFlag('Pass trace headers on, but report no spans.', { fallback: 'false' }),
  disableContextPropagation: optionalFlag('Do not pass trace headers on.', { fallback: 'false' }),
  customTags: map(customTag, 'Tags added to spans, by name.'),
  useRequestIdForTraceSampling: optionalFlag('Let x-request-id carry the sampling decision.', {
    fallback: 'true',
  }),
  enableIstioTags: optionalFlag('Add tags for mesh, namespace and service.', { fallback: 'true' }),
});

const tagOverride = record(
  'TagOverride',
  'A change of a tag.',
  {
    operation: oneOfWords('UPSERT sets, REMOVE drops the tag.', ['UPSERT', 'REMOVE'], { fallback: 'UPSERT' }),
    value: text('CEL expression over Envoy attributes: `request.host`.'),
  },
  rules(
    [
      '(has(self.operation) ? self.operation : "") == "UPSERT" ? (self.value != "") : true',
      'value is required when operation is UPSERT',
    ],
    [
      '(has(self.operation) ? self.operation : "") == "REMOVE" ? !has(self.value) : true',
      'value may not be set when operation is REMOVE',
    ],
  ),
);

const metricSelector = record(
  'MetricSelector',
  'Which metric, on which side.',
  {
    metric: oneOfWords('A standard metric.', [
      'ALL_METRICS',
      'REQUEST_COUNT',
      'REQUEST_DURATION',
      'REQUEST_SIZE',
      'RESPONSE_SIZE',
      'TCP_OPENED_CONNECTIONS',
      'TCP_CLOSED_CONNECTIONS',
      'TCP_SENT_BYTES',
      'TCP_RECEIVED_BYTES',
      'GRPC_REQUEST_MESSAGES',
      'GRPC_RESPONSE_MESSAGES',
    ]),
    customMetric: text('A metric by name.', { minLength: 1 }),
    mode,
  },
  atMostOne(['metric', 'customMetric']),
);

const metrics = record('Metrics', 'Which metrics are kept.', {
  providers,
  overrides: list(
    record('MetricsOverrides', 'A change of a metric.', {
      match: as(metricSelector, 'Which metric.', { fallback: 'all metrics, both sides' }),
      disabled: optionalFlag('Do not keep the metric.', { fallback: 'false' }),
      tagOverrides: map(tagOverride, 'Changes of tags, by tag name.'),
    }),
    'Changes, applied in this order.',
  ),
  reportingInterval: duration('Time between reports of TCP metrics.', { fallback: '5s' }),
});

const accessLogging = record('AccessLogging', 'Which requests are logged.', {
  match: record('LogSelector', 'Which side this is for.', { mode }),
  providers,
  disabled: optionalFlag('Do not log.', { fallback: 'false' }),
  filter: record('LogFilter', 'Which requests are logged.', {
    expression: text('CEL expression: `response.code >= 400`.'),
  }),
});

export const telemetry: Schema = record(
  'TelemetrySpec',
  'What proxies report: traces, metrics, access logs. The object nearest to the workload wins, field by field: workload, namespace, root namespace.',
  {
    selector: as(labelSelector, 'Workloads this applies to.', {
      fallback: 'all of the namespace; in the root namespace, all of the mesh',
    }),
    targetRef: as(targetRef, 'Former form of targetRefs.'),
    targetRefs,
    tracing: list(tracing, 'Tracing; one entry at most is used.'),
    metrics: list(metrics, 'Metrics.'),
    accessLogging: list(accessLogging, 'Access logs.'),
  },
  rules(onlyOneOf('selector', 'targetRef', 'targetRefs')),
);
