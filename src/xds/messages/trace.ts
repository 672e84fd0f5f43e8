import { map, message, repeated } from '../message.ts';
import { bool, boolValue, enumeration, string, uint32Value } from '../scalar.ts';
import type { Infer } from '../schema.ts';
import { extension, GrpcService, HttpService } from './core.ts';

/** envoy.config.trace.v3: where spans go. */
export const ZipkinConfig = message(
  'envoy.config.trace.v3.ZipkinConfig',
  {
    collector_cluster: string(),
    collector_endpoint: string(),
    trace_id_128bit: bool(),
    shared_span_context: boolValue(true),
    collector_endpoint_version: enumeration('CollectorEndpointVersion', {
      DEPRECATED_AND_UNAVAILABLE_DO_NOT_USE: 0,
      HTTP_JSON: 1,
      HTTP_PROTO: 2,
      GRPC: 3,
    }),
    collector_hostname: string(),
    split_spans_for_request: bool(),
    trace_context_option: enumeration('TraceContextOption', ['USE_B3', 'USE_B3_WITH_W3C_PROPAGATION']),
    collector_service: HttpService,
  },
  {
    check: (m, ctx) => {
      if (m.collector_service === undefined && (m.collector_cluster === '' || m.collector_endpoint === ''))
        ctx.report('Required', 'collector_cluster and collector_endpoint, or collector_service, must be set');
    },
  },
);
export type ZipkinConfig = Infer<typeof ZipkinConfig>;

export const OpenTelemetryConfig = message(
  'envoy.config.trace.v3.OpenTelemetryConfig',
  {
    grpc_service: GrpcService,
    http_service: HttpService,
    service_name: string(),
    resource_detectors: repeated(extension('resource_detector')),
    sampler: extension('sampler'),
    max_cache_size: uint32Value(),
  },
  {
    check: (m, ctx) => {
      if (m.grpc_service !== undefined && m.http_service !== undefined)
        ctx.report('OneOf', 'only one of grpc_service and http_service may be set');
    },
  },
);
export type OpenTelemetryConfig = Infer<typeof OpenTelemetryConfig>;

export const EnvironmentResourceDetectorConfig = message(
  'envoy.extensions.tracers.opentelemetry.resource_detectors.v3.EnvironmentResourceDetectorConfig',
  {},
);
export const StaticConfigResourceDetectorConfig = message(
  'envoy.extensions.tracers.opentelemetry.resource_detectors.v3.StaticConfigResourceDetectorConfig',
  { attributes: map(string()) },
);
export const AlwaysOnSamplerConfig = message(
  'envoy.extensions.tracers.opentelemetry.samplers.v3.AlwaysOnSamplerConfig',
  {},
);
