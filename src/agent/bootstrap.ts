import { ports } from '../base/ports.ts';
import { type AgentSettings, nodeId, type ProxyIdentity } from './identity.ts';

type Json = Record<string, unknown>;

export interface BootstrapInputs {
  readonly identity: ProxyIdentity;
  readonly settings: AgentSettings;
  /** Folder that holds `current`, see docs/contracts.md. */
  readonly xdsFolder: string;
  /** What the control plane says of this node: service cluster and metadata. */
  readonly node: { readonly cluster: string; readonly metadata: Readonly<Record<string, unknown>> };
}

/**
 * An ordinary Envoy v3 bootstrap: file xDS for listeners and clusters, the admin page on loopback, and Istio's two static listeners
 * (15090 Prometheus, 15021 readiness). `lateen proxy` and a real Envoy take the same file.
 */
export function bootstrap(inputs: BootstrapInputs): Json {
  const { identity, settings, node } = inputs;
  return {
    node: {
      id: nodeId(identity),
      cluster: node.cluster,
      metadata: { ...node.metadata, ...identity.metadata },
    },
    admin: { address: socketAddress('127.0.0.1', settings.adminPort) },
    dynamic_resources: {
      lds_config: fileSource(inputs.xdsFolder, 'lds.json'),
      cds_config: fileSource(inputs.xdsFolder, 'cds.json'),
    },
    static_resources: {
      listeners: [
        forwarder('prometheus', ports.proxyPrometheus, '/stats/prometheus', 'prometheus_stats'),
        forwarder('health', ports.healthCheck, '/healthz/ready', 'agent'),
      ],
      clusters: [
        loopbackCluster('prometheus_stats', settings.adminPort),
        loopbackCluster('agent', settings.statusPort),
      ],
    },
  };
}

function fileSource(folder: string, file: string): Json {
  return {
    path_config_source: { path: `${folder}/current/${file}`, watched_directory: { path: folder } },
    resource_api_version: 'V3',
  };
}

function socketAddress(address: string, port: number): Json {
  return { socket_address: { address, port_value: port } };
}

function loopbackCluster(name: string, port: number): Json {
  const endpoint = { address: socketAddress('127.0.0.1', port) };
  return {
    name,
    type: 'STATIC',
    connect_timeout: '0.250s',
    lb_policy: 'ROUND_ROBIN',
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint }] }] },
  };
}

/** A listener that passes one path to a local cluster and answers 404 to everything else. */
function forwarder(name: string, port: number, path: string, cluster: string): Json {
  const routes = [{ match: { prefix: path }, route: { cluster } }];
  return {
    name,
    address: socketAddress('0.0.0.0', port),
    filter_chains: [
      {
        filters: [
          {
            name: 'envoy.filters.network.http_connection_manager',
            typed_config: {
              '@type':
                'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
              codec_type: 'AUTO',
              stat_prefix: name,
              route_config: { name, virtual_hosts: [{ name: 'backend', domains: ['*'], routes }] },
              http_filters: [
                {
                  name: 'envoy.filters.http.router',
                  typed_config: {
                    '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router',
                  },
                },
              ],
            },
          },
        ],
      },
    ],
  };
}
