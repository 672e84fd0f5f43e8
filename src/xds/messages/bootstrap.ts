import { message, repeated, typed } from '../message.ts';
import { bool, boolValue, double, duration, optionalBool, string, struct, uint64 } from '../scalar.ts';
import { type Infer, noEffect, required } from '../schema.ts';
import { AccessLog } from './access-log.ts';
import { Cluster } from './cluster.ts';
import { Address, BindConfig, ConfigSource, extension, Node, SocketOption } from './core.ts';
import { Listener } from './listener.ts';
import { ListStringMatcher, StringMatcher } from './matcher.ts';
import { Secret } from './tls.ts';

/** envoy.config.bootstrap.v3 and what only it holds. */
export const Admin = message('envoy.config.bootstrap.v3.Admin', {
  access_log: repeated(AccessLog),
  access_log_path: string(),
  profile_path: noEffect('no CPU profiler'),
  address: Address,
  socket_options: repeated(SocketOption),
  ignore_global_conn_limit: bool(),
  allow_paths: repeated(StringMatcher),
});
export type Admin = Infer<typeof Admin>;

const TagSpecifier = message(
  'envoy.config.metrics.v3.TagSpecifier',
  { tag_name: string(), regex: string({ maxBytes: 1024 }), fixed_value: string() },
  { oneofs: [{ fields: ['regex', 'fixed_value'] }] },
);

export const StatsMatcher = message(
  'envoy.config.metrics.v3.StatsMatcher',
  { reject_all: optionalBool(), exclusion_list: ListStringMatcher, inclusion_list: ListStringMatcher },
  { oneofs: [{ fields: ['reject_all', 'exclusion_list', 'inclusion_list'], required: true }] },
);
export type StatsMatcher = Infer<typeof StatsMatcher>;

export const StatsConfig = message('envoy.config.metrics.v3.StatsConfig', {
  stats_tags: repeated(TagSpecifier),
  use_all_default_tags: boolValue(true),
  stats_matcher: StatsMatcher,
  histogram_bucket_settings: repeated(
    message('envoy.config.metrics.v3.HistogramBucketSettings', {
      match: required(StringMatcher),
      buckets: repeated(double({ gt: 0 })),
      bins: noEffect("Envoy's internal histogram size"),
    }),
  ),
});
export type StatsConfig = Infer<typeof StatsConfig>;

const RuntimeLayer = message(
  'envoy.config.bootstrap.v3.RuntimeLayer',
  {
    name: string({ min: 1 }),
    static_layer: struct(),
    admin_layer: message('envoy.config.bootstrap.v3.RuntimeLayer.AdminLayer', {}),
  },
  {
    oneofs: [{ fields: ['static_layer', 'admin_layer'], required: true }],
    unsupported: {
      disk_layer: 'runtime comes from static layers',
      rtds_layer: 'runtime comes from static layers',
    },
  },
);

const Trigger = message(
  'envoy.config.overload.v3.Trigger',
  {
    name: string({ min: 1 }),
    threshold: message('envoy.config.overload.v3.ThresholdTrigger', { value: double({ gte: 0, lte: 1 }) }),
    scaled: message('envoy.config.overload.v3.ScaledTrigger', {
      scaling_threshold: double({ gte: 0, lte: 1 }),
      saturation_threshold: double({ gte: 0, lte: 1 }),
    }),
  },
  { oneofs: [{ fields: ['threshold', 'scaled'], required: true }] },
);

export const OverloadManager = message(
  'envoy.config.overload.v3.OverloadManager',
  {
    refresh_interval: duration(),
    resource_monitors: repeated(
      message('envoy.config.overload.v3.ResourceMonitor', {
        name: string({ min: 1 }),
        typed_config: typed('resource_monitor'),
      }),
    ),
    actions: repeated(
      message(
        'envoy.config.overload.v3.OverloadAction',
        { name: string({ min: 1 }), triggers: repeated(Trigger, { min: 1 }) },
        {
          unsupported: { typed_config: 'timers are not scaled' },
          check: (m, ctx) => {
            if (!overloadActions.includes(m.name))
              ctx.report(
                'UnsupportedValue',
                `overload action ${JSON.stringify(m.name)} is not supported: ${overloadActions.join(', ')}`,
              );
          },
        },
      ),
    ),
  },
  {
    unsupported: {
      loadshed_points: 'use actions',
      buffer_factory_config: 'buffers are not tracked per stream',
    },
  },
);
export type OverloadManager = Infer<typeof OverloadManager>;

const overloadActions = [
  'envoy.overload_actions.stop_accepting_requests',
  'envoy.overload_actions.disable_http_keepalive',
  'envoy.overload_actions.stop_accepting_connections',
  'envoy.overload_actions.reject_incoming_connections',
  'envoy.overload_actions.shrink_heap',
];

export const DownstreamConnectionsConfig = message(
  'envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig',
  { max_active_downstream_connections: required({ ...uint64({ gt: 0 }) }) },
);
export const FixedHeapConfig = message('envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig', {
  max_heap_size_bytes: required(uint64({ gt: 0 })),
});

export const StaticResources = message('envoy.config.bootstrap.v3.Bootstrap.StaticResources', {
  listeners: repeated(Listener),
  clusters: repeated(Cluster),
  secrets: repeated(Secret),
});

export const Bootstrap = message(
  'envoy.config.bootstrap.v3.Bootstrap',
  {
    node: Node,
    node_context_params: noEffect('no xDS stream is opened'),
    static_resources: StaticResources,
    dynamic_resources: message(
      'envoy.config.bootstrap.v3.Bootstrap.DynamicResources',
      { lds_config: ConfigSource, cds_config: ConfigSource },
      {
        unsupported: {
          ads_config: 'configuration comes from files: use path_config_source',
          lds_resources_locator: 'use lds_config',
          cds_resources_locator: 'use cds_config',
        },
      },
    ),
    cluster_manager: message(
      'envoy.config.bootstrap.v3.ClusterManager',
      {
        local_cluster_name: string(),
        outlier_detection: message(
          'envoy.config.bootstrap.v3.ClusterManager.OutlierDetection',
          { event_log_path: string() },
          { unsupported: { event_service: 'events go to the log' } },
        ),
        upstream_bind_config: BindConfig,
        enable_deferred_cluster_creation: noEffect('clusters are always made when first needed'),
      },
      { unsupported: { load_stats_config: 'no load reports are sent' } },
    ),
    flags_path: noEffect('runtime comes from layered_runtime'),
    stats_config: StatsConfig,
    stats_flush_interval: noEffect('no statistics sinks'),
    stats_flush_on_admin: noEffect('no statistics sinks'),
    watchdog: noEffect("concerns Envoy's threads"),
    watchdogs: noEffect("concerns Envoy's threads"),
    layered_runtime: message('envoy.config.bootstrap.v3.LayeredRuntime', { layers: repeated(RuntimeLayer) }),
    admin: Admin,
    overload_manager: OverloadManager,
    enable_dispatcher_stats: noEffect("concerns Envoy's threads"),
    header_prefix: string(),
    use_tcp_for_dns_lookups: bool(),
    typed_dns_resolver_config: extension('dns_resolver'),
    bootstrap_extensions: noEffect('internal listeners and the like are not there'),
    default_regex_engine: noEffect('regexes are RE2 always'),
    inline_headers: noEffect("concerns Envoy's header map"),
    perf_tracing_file_path: noEffect('no Perfetto'),
    deferred_stat_options: noEffect('statistics are always made when first needed'),
    application_log_config: message('envoy.config.bootstrap.v3.Bootstrap.ApplicationLogConfig', {
      log_format: message(
        'envoy.config.bootstrap.v3.Bootstrap.ApplicationLogConfig.LogFormat',
        { json_format: struct(), text_format: noEffect('lines have one text form') },
        { oneofs: [{ fields: ['json_format', 'text_format'] }] },
      ),
    }),
    memory_allocator_manager: noEffect("concerns Envoy's allocator"),
    grpc_async_client_manager_config: noEffect("concerns Envoy's gRPC clients"),
    tracing: noEffect('tracing is configured in the connection manager'),
  },
  {
    unsupported: {
      hds_config: 'no health discovery service is called',
      stats_sinks: 'statistics are scraped from the admin port',
      stats_eviction_interval: 'statistics are kept',
      stats_server_version_override: 'the version is what it is',
      dns_resolution_config: 'use typed_dns_resolver_config',
      fatal_actions: 'no fatal actions are there',
      config_sources: 'name a config source where it is used',
      default_config_source: 'name a config source where it is used',
      default_socket_interface: 'one socket interface is there',
      certificate_provider_instances: 'use SDS',
      xds_delegate_extension: 'no xDS stream is opened',
      xds_config_tracker_extension: 'no xDS stream is opened',
      listener_manager: 'one listener manager is there',
    },
  },
);
export type Bootstrap = Infer<typeof Bootstrap>;
