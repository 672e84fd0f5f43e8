/** Files and texts of the certificates a suite uses. */
export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
  readonly certificatePem: string;
  readonly keyPem: string;
  /** Authority of client certificates: given when they are required. */
  readonly clientCa?: string;
}

/** What a proxy should do in a suite: one listener, one cluster. */
export interface Wanted {
  readonly port: number;
  readonly backendPort: number;
  /** What the backend speaks. */
  readonly backend: 'http1' | 'http2';
  readonly tls?: TlsFiles;
  /** TLS to the backend: the client's certificate, and the authority and name to expect. */
  readonly upstreamTls?: { readonly client: TlsFiles; readonly ca: string; readonly name: string };
  /** What the listener speaks in plain text; AUTO also answers HTTP/1.1. */
  readonly codec?: 'AUTO' | 'HTTP2';
  /** Accept WebSocket upgrades. */
  readonly websocket?: boolean;
}

const extension = (kind: string, name: string, rest: object = {}) => ({
  '@type': `type.googleapis.com/envoy.extensions.${kind}.v3.${name}`,
  ...rest,
});

/** An Envoy bootstrap, equal for both proxies that read one. */
export function bootstrap(wanted: Wanted): object {
  return {
    admin: { address: address(0) },
    static_resources: {
      listeners: [
        {
          name: 'in',
          address: address(wanted.port),
          filter_chains: [{ filters: [manager(wanted)], ...transport(wanted.tls) }],
        },
      ],
      clusters: [cluster(wanted)],
    },
  };
}

function address(port: number): object {
  return { socket_address: { address: '127.0.0.1', port_value: port } };
}

function manager({ websocket, codec }: Wanted): object {
  return {
    name: 'envoy.filters.network.http_connection_manager',
    typed_config: extension('filters.network.http_connection_manager', 'HttpConnectionManager', {
      stat_prefix: 'in',
      codec_type: codec ?? 'AUTO',
      normalize_path: true,
      merge_slashes: true,
      http2_protocol_options: { max_concurrent_streams: 100, allow_connect: true },
      ...(websocket ? { upgrade_configs: [{ upgrade_type: 'websocket' }] } : {}),
      stream_idle_timeout: '300s',
      route_config: {
        name: 'all',
        virtual_hosts: [
          {
            name: 'all',
            domains: ['*'],
            routes: [{ match: { prefix: '/' }, route: { cluster: 'out', timeout: '0s' } }],
          },
        ],
      },
      http_filters: [
        { name: 'envoy.filters.http.router', typed_config: extension('filters.http.router', 'Router') },
      ],
    }),
  };
}

function transport(tls: TlsFiles | undefined): object {
  if (tls === undefined) return {};
  const validation =
    tls.clientCa === undefined ? {} : { validation_context: { trusted_ca: { filename: tls.clientCa } } };
  return {
    transport_socket: {
      name: 'envoy.transport_sockets.tls',
      typed_config: extension('transport_sockets.tls', 'DownstreamTlsContext', {
        require_client_certificate: tls.clientCa !== undefined,
        common_tls_context: {
          alpn_protocols: ['h2', 'http/1.1'],
          tls_certificates: [
            { certificate_chain: { filename: tls.certificate }, private_key: { filename: tls.key } },
          ],
          ...validation,
        },
      }),
    },
  };
}

function cluster({ backendPort, backend, upstreamTls }: Wanted): object {
  const protocol =
    backend === 'http2'
      ? {
          typed_extension_protocol_options: {
            'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': extension(
              'upstreams.http',
              'HttpProtocolOptions',
              {
                explicit_http_config: { http2_protocol_options: {} },
              },
            ),
          },
        }
      : {};
  return {
    name: 'out',
    type: 'STATIC',
    connect_timeout: '5s',
    load_assignment: {
      cluster_name: 'out',
      endpoints: [{ lb_endpoints: [{ endpoint: { address: address(backendPort) } }] }],
    },
    ...protocol,
    ...upstreamTransport(upstreamTls),
  };
}

function upstreamTransport(tls: Wanted['upstreamTls']): object {
  if (tls === undefined) return {};
  const { client, ca, name } = tls;
  return {
    transport_socket: {
      name: 'envoy.transport_sockets.tls',
      typed_config: extension('transport_sockets.tls', 'UpstreamTlsContext', {
        sni: name,
        common_tls_context: {
          alpn_protocols: ['h2'],
          tls_params: { tls_maximum_protocol_version: 'TLSv1_3' },
          tls_certificates: [
            { certificate_chain: { filename: client.certificate }, private_key: { filename: client.key } },
          ],
          validation_context: {
            trusted_ca: { filename: ca },
            match_typed_subject_alt_names: [{ san_type: 'DNS', matcher: { exact: name } }],
          },
        },
      }),
    },
  };
}
