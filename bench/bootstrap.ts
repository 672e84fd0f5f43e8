/** The bootstrap that ours and Envoy both read in benchmarks. */
const t = (name: string) => `type.googleapis.com/${name}`;
const address = (port: number) => ({ socket_address: { address: '127.0.0.1', port_value: port } });

export interface BenchPorts {
  readonly port: number;
  readonly admin: number;
  readonly backend: number;
}

/** What a job asks beyond HTTP/1.1 in plain text. */
export interface BenchTraits {
  /** The backend speaks HTTP/2. */
  readonly http2Backend?: boolean;
  /** Files of the certificate to serve TLS with, and of the authority whose client certificates are required. */
  readonly serverTls?: { readonly certificate: string; readonly key: string; readonly clientCa?: string };
  /** TLS 1.3 to the backend: authority to trust, and a client certificate when one is shown. */
  readonly backendTls?: { readonly ca: string; readonly certificate?: string; readonly key?: string };
}

export function httpBootstrap({ port, admin, backend }: BenchPorts, traits: BenchTraits = {}): unknown {
  return {
    node: { id: 'bench', cluster: 'bench' },
    admin: { address: address(admin) },
    static_resources: {
      listeners: [
        {
          name: 'bench',
          address: address(port),
          metadata: {
            filter_metadata: {
              'lateen.telemetry': {
                reporter: 'source',
                labels: {
                  source_workload: 'bench',
                  source_workload_namespace: 'default',
                  source_app: 'bench',
                },
              },
            },
          },
          filter_chains: [
            {
              filters: [{ name: 'envoy.filters.network.http_connection_manager', typed_config: manager() }],
              ...serverTls(traits.serverTls),
            },
          ],
        },
      ],
      clusters: ['a', 'b'].map((name) => cluster(name, backend, traits)),
    },
  };
}

function manager(): unknown {
  return {
    '@type': t('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'),
    stat_prefix: 'bench',
    normalize_path: true,
    http_filters: [
      {
        name: 'envoy.filters.http.rbac',
        typed_config: {
          '@type': t('envoy.extensions.filters.http.rbac.v3.RBAC'),
          rules: {
            action: 'DENY',
            policies: {
              admin: {
                permissions: [{ url_path: { path: { prefix: '/admin' } } }],
                principals: [{ any: true }],
              },
            },
          },
        },
      },
      {
        name: 'envoy.filters.http.router',
        typed_config: { '@type': t('envoy.extensions.filters.http.router.v3.Router') },
      },
    ],
    route_config: {
      name: 'bench',
      virtual_hosts: [
        {
          name: 'all',
          domains: ['*'],
          routes: [
            {
              match: { prefix: '/', headers: [{ name: 'x-version', string_match: { exact: 'two' } }] },
              route: { cluster: 'b' },
            },
            { match: { path: '/exact' }, route: { cluster: 'b' } },
            { match: { prefix: '/b/' }, route: { cluster: 'b' } },
            { match: { prefix: '/' }, route: { cluster: 'a' } },
          ],
        },
      ],
    },
  };
}

function cluster(name: string, port: number, traits: BenchTraits): unknown {
  return {
    name,
    type: 'STATIC',
    metadata: {
      filter_metadata: {
        istio: { services: [{ host: `${name}.default.svc.cluster.local`, name, namespace: 'default' }] },
      },
    },
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: address(port) } }] }],
    },
    ...http2(traits.http2Backend),
    ...backendTls(traits),
  };
}

function http2(wanted: boolean | undefined): object {
  if (wanted !== true) return {};
  const type = t('envoy.extensions.upstreams.http.v3.HttpProtocolOptions');
  const options = { '@type': type, explicit_http_config: { http2_protocol_options: {} } };
  return {
    typed_extension_protocol_options: { 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': options },
  };
}

const file = (filename: string) => ({ filename });
const tls13 = { tls_minimum_protocol_version: 'TLSv1_3', tls_maximum_protocol_version: 'TLSv1_3' };

function serverTls(tls: BenchTraits['serverTls']): object {
  if (tls === undefined) return {};
  const context = {
    '@type': t('envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext'),
    require_client_certificate: tls.clientCa !== undefined,
    common_tls_context: {
      tls_params: tls13,
      alpn_protocols: ['h2', 'http/1.1'],
      tls_certificates: [{ certificate_chain: file(tls.certificate), private_key: file(tls.key) }],
      ...(tls.clientCa === undefined ? {} : { validation_context: { trusted_ca: file(tls.clientCa) } }),
    },
  };
  return { transport_socket: { name: 'envoy.transport_sockets.tls', typed_config: context } };
}

function backendTls({ backendTls: tls, http2Backend }: BenchTraits): object {
  if (tls === undefined) return {};
  const own =
    tls.certificate === undefined || tls.key === undefined
      ? []
      : [{ certificate_chain: file(tls.certificate), private_key: file(tls.key) }];
  const context = {
    '@type': t('envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext'),
    sni: 'localhost',
    common_tls_context: {
      tls_params: tls13,
      alpn_protocols: http2Backend ? ['h2'] : ['http/1.1'],
      tls_certificates: own,
      validation_context: { trusted_ca: file(tls.ca) },
    },
  };
  return { transport_socket: { name: 'envoy.transport_sockets.tls', typed_config: context } };
}
