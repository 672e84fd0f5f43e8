import {
  as,
  atMostOne,
  flag,
  freeForm,
  int32,
  list,
  looseDuration,
  oneOfWords,
  record,
  type Schema,
  text,
  textMap,
  texts,
  uint32,
  uint64,
} from '../schema/schema.ts';

const service = text('Host of the provider: `name.namespace.svc.cluster.local`, or `namespace/host`.');
const port = uint32('Port of the provider.');
const maxTagLength = uint32('Longest path kept in a tag.', { fallback: '256' });

const httpHeader = record(
  'ProviderHttpHeader',
  'A header.',
  { name: text('Name.'), value: text('Value.'), envName: text('Environment variable with the value.') },
  atMostOne(['value', 'envName']),
);

const httpService = record('ProviderHttpService', 'An HTTP service.', {
  path: text('Path.'),
  timeout: looseDuration('Time limit.'),
  headers: list(httpHeader, 'Headers to send.'),
});

const checkedBody = record('ExternalAuthorizationRequestBody', 'What of the body is sent along.', {
  maxRequestBytes: uint32('Most bytes kept.'),
  allowPartialMessage: flag('Send the beginning when the body is larger.', { fallback: 'false' }),
  packAsBytes: flag('Send raw bytes (gRPC only).', { fallback: 'false' }),
});

const authzFields = {
  service,
  port,
  timeout: looseDuration('Time limit of a check.', { fallback: '600s' }),
  failOpen: flag('Let requests pass when the provider does not answer.', { fallback: 'false' }),
  clearRouteCache: flag('Choose the route again after headers changed.', { fallback: 'false' }),
  statusOnError: text('HTTP status when the provider does not answer.', { fallback: '403' }),
  includeRequestBodyInCheck: checkedBody,
};

const logFormatFields = { text: text('Format of a line.'), labels: freeForm('Fields by name.') };

const grpcLogFields = {
  service,
  port,
  logName: text('Name of the log.'),
  filterStateObjectsToLog: texts('Filter state to log.'),
};

const otelTracing = record('OpenTelemetryTracingProvider', 'OpenTelemetry traces.', {
  service,
  port,
  maxTagLength,
  http: as(httpService, 'Report over HTTP instead of gRPC.'),
  grpc: record('ProviderGrpcService', 'Details of the gRPC service.', {
    timeout: looseDuration('Time limit.'),
    initialMetadata: list(httpHeader, 'Metadata to send.'),
  }),
  resourceDetectors: record('ResourceDetectors', 'Where resource attributes come from.', {
    environment: record('EnvironmentResourceDetector', 'OTEL_RESOURCE_ATTRIBUTES.', {}),
    dynatrace: record('DynatraceResourceDetector', 'Dynatrace.', {}),
  }),
  serviceAttributeEnrichment: oneOfWords('Which service attributes are added.', [
    'ISTIO_CANONICAL',
    'OTEL_SEMANTIC_CONVENTIONS',
  ]),
  dynatraceSampler: record('DynatraceSampler', 'Sampling by Dynatrace.', {
    tenant: text('Tenant.'),
    clusterId: int32('Cluster.'),
    rootSpansPerMinute: uint32('Spans a minute before settings are read.', { fallback: '1000' }),
    httpService: record('DynatraceApi', 'Where settings are read.', {
      service,
      port,
      http: as(httpService, 'Details.'),
    }),
  }),
});

const stackdriver = record('StackdriverProvider', 'Google Cloud operations.', {
  debug: flag('Write traces to standard output.'),
  maxNumberOfAttributes: uint64('Most attributes a span.', { nullable: true }),
  maxNumberOfAnnotations: uint64('Most annotations a span.', { nullable: true }),
  maxNumberOfMessageEvents: uint64('Most message events a span.', { nullable: true }),
  maxTagLength,
  logging: record('StackdriverLogging', 'Access logs.', { labels: textMap('Labels by CEL expression.') }),
});

const providers = {
  envoyExtAuthzHttp: record('EnvoyExternalAuthorizationHttpProvider', 'An authorization service over HTTP.', {
    ...authzFields,
    pathPrefix: text('Put before the path of checks; begins with a slash.'),
    includeHeadersInCheck: texts('Former form of includeRequestHeadersInCheck.'),
    includeRequestHeadersInCheck: texts('Request headers sent along; may begin or end with `*`.'),
    includeAdditionalHeadersInCheck: textMap('Further headers sent along.'),
    headersToUpstreamOnAllow: texts('Headers of the answer passed on to the service.'),
    headersToDownstreamOnDeny: texts('Headers of the answer returned when refused.'),
    headersToDownstreamOnAllow: texts('Headers of the answer returned when allowed.'),
  }),
  envoyExtAuthzGrpc: record(
    'EnvoyExternalAuthorizationGrpcProvider',
    'An authorization service over gRPC.',
    authzFields,
  ),
  zipkin: record('ZipkinTracingProvider', 'Zipkin traces.', {
    service,
    port,
    maxTagLength,
    enable64bitTraceId: flag('Use 64-bit trace ids.', { fallback: 'false: 128 bits' }),
    path: text('Path of the API.', { fallback: '/api/v2/spans' }),
    traceContextOption: oneOfWords('Which trace headers are passed on.', [
      'USE_B3',
      'USE_B3_WITH_W3C_PROPAGATION',
    ]),
    timeout: looseDuration('Time limit.', { fallback: '5s' }),
    headers: list(httpHeader, 'Headers to send.'),
  }),
  lightstep: record('LightstepTracingProvider', 'Lightstep traces.', {
    service,
    port,
    accessToken: text('Access token.'),
    maxTagLength,
  }),
  datadog: record('DatadogTracingProvider', 'Datadog traces.', { service, port, maxTagLength }),
  stackdriver,
  opencensus: record('OpenCensusAgentTracingProvider', 'OpenCensus agent traces.', {
    service,
    port,
    context: texts('Trace contexts to pass on.'),
    maxTagLength,
  }),
  skywalking: record('SkyWalkingTracingProvider', 'SkyWalking traces.', {
    service,
    port,
    accessToken: text('Access token.'),
  }),
  opentelemetry: otelTracing,
  prometheus: record('PrometheusMetricsProvider', 'Prometheus metrics.', {}),
  envoyFileAccessLog: record('EnvoyFileAccessLogProvider', 'An access log in a file.', {
    path: text('Name of the file.', { fallback: '/dev/stdout' }),
    logFormat: record('FileLogFormat', 'Format of the log.', logFormatFields, atMostOne(['text', 'labels'])),
    omitEmptyValues: flag('Leave absent values out.', { fallback: 'false' }),
  }),
  envoyHttpAls: record('EnvoyHttpGrpcV3LogProvider', 'HTTP access logs over gRPC.', {
    ...grpcLogFields,
    additionalRequestHeadersToLog: texts('Request headers to log.'),
    additionalResponseHeadersToLog: texts('Response headers to log.'),
    additionalResponseTrailersToLog: texts('Response trailers to log.'),
  }),
  envoyTcpAls: record('EnvoyTcpGrpcV3LogProvider', 'TCP access logs over gRPC.', grpcLogFields),
  envoyOtelAls: record('EnvoyOpenTelemetryLogProvider', 'OpenTelemetry access logs.', {
    service,
    port,
    logName: text('Name of the log.', { fallback: 'otel_envoy_accesslog' }),
    logFormat: record('OtelLogFormat', 'Format of the log.', logFormatFields),
  }),
  sds: record('SDSProvider', 'Certificates from an SDS server.', {
    name: text('Name of the provider.'),
    service,
    port,
  }),
};

/** Names of the provider kinds; an extension provider has exactly one. */
export const providerKinds = Object.keys(providers);

export const extensionProvider: Schema = record(
  'ExtensionProvider',
  'A service that policies and Telemetry objects use by name.',
  { name: text('Name, unique in the mesh.'), ...providers },
  atMostOne(providerKinds),
);
