import type { CaseFile } from './case-file.ts';

const type = (name: string) => `type.googleapis.com/${name}`;

export interface Ports {
  readonly listener: number;
  readonly admin: number;
  readonly upstreams: Readonly<Record<string, number>>;
}

export const logFormat =
  '%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL% %RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% in=%BYTES_RECEIVED% out=%BYTES_SENT% route=%ROUTE_NAME% cluster=%UPSTREAM_CLUSTER% attempts=%UPSTREAM_REQUEST_ATTEMPT_COUNT% host=%REQ(:AUTHORITY)% ua=%REQ(USER-AGENT)% grpc=%GRPC_STATUS%\n';

/** The whole bootstrap of a case file for one side. */
export function makeBootstrap(file: CaseFile, ports: Ports, logPath: string): object {
  const listener = merge(
    {
      name: 'main',
      address: socketAddress(ports.listener),
      filter_chains: file.filter_chains ?? [
        { filters: [{ name: 'hcm', typed_config: manager(file, logPath) }] },
      ],
    },
    file.listener ?? {},
  );
  return merge(
    {
      node: { id: 'side-by-side', cluster: 'tests' },
      admin: { address: socketAddress(ports.admin) },
      static_resources: {
        listeners: [listener],
        clusters: Object.entries(ports.upstreams).map(([name, port]) => cluster(file, name, port)),
      },
    },
    file.bootstrap ?? {},
  );
}

function manager(file: CaseFile, logPath: string): object {
  const log = {
    '@type': type('envoy.extensions.access_loggers.file.v3.FileAccessLog'),
    path: logPath,
    log_format: { text_format_source: { inline_string: logFormat } },
  };
  const router = {
    name: 'envoy.filters.http.router',
    typed_config: { '@type': type('envoy.extensions.filters.http.router.v3.Router') },
  };
  return merge(
    {
      '@type': type('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'),
      stat_prefix: 'ingress',
      access_log: [{ name: 'file', typed_config: log }],
      route_config: file.route_config ?? {
        name: 'table',
        virtual_hosts: [
          { name: 'everything', domains: ['*'], routes: file.routes ?? [], ...file.virtual_host },
        ],
      },
      http_filters: [...(file.http_filters ?? []), router],
    },
    file.hcm ?? {},
  );
}

function cluster(file: CaseFile, name: string, port: number): object {
  const endpoints = [{ lb_endpoints: [{ endpoint: { address: socketAddress(port) } }] }];
  return merge(
    { name, type: 'STATIC', connect_timeout: '1s', load_assignment: { cluster_name: name, endpoints } },
    file.clusters?.[name] ?? {},
  );
}

function socketAddress(port: number): object {
  return { socket_address: { address: '127.0.0.1', port_value: port } };
}

/** Objects merge by key, everything else is replaced. */
function merge(base: unknown, over: unknown): object {
  const result: Record<string, unknown> = { ...(base as object) };
  for (const [key, value] of Object.entries(over as object)) {
    const isObject = (v: unknown) => typeof v === 'object' && v !== null && !Array.isArray(v);
    result[key] = isObject(value) && isObject(result[key]) ? merge(result[key], value) : value;
  }
  return result;
}
