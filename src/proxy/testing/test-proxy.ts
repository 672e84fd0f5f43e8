import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '../../base/log.ts';
import { loadBootstrap } from '../config/bootstrap.ts';
import { DataPlane } from '../worker/data-plane.ts';

type Json = Record<string, unknown>;

const t = (name: string) => `type.googleapis.com/${name}`;
export const anyPort = { socket_address: { address: '127.0.0.1', port_value: 0 } };

/** A cluster of the given ports on loopback. */
export function cluster(name: string, ports: readonly number[], more: Json = {}): Json {
  return {
    name,
    type: 'STATIC',
    load_assignment: {
      cluster_name: name,
      endpoints: [
        {
          lb_endpoints: ports.map((port) => ({
            endpoint: { address: { socket_address: { address: '127.0.0.1', port_value: port } } },
          })),
        },
      ],
    },
    ...more,
  };
}

/** A listener with an HTTP connection manager. */
export function httpListener(name: string, routes: readonly Json[], more: Json = {}): Json {
  const manager = {
    '@type': t('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'),
    stat_prefix: name,
    route_config: { name: 'routes', virtual_hosts: [{ name: 'all', domains: ['*'], routes }] },
    http_filters: [
      {
        name: 'envoy.filters.http.router',
        typed_config: { '@type': t('envoy.extensions.filters.http.router.v3.Router') },
      },
    ],
    ...more,
  };
  return { name, address: anyPort, filter_chains: [{ filters: [{ name: 'http', typed_config: manager }] }] };
}

export function tcpListener(name: string, clusterName: string, more: Json = {}): Json {
  const proxy = {
    '@type': t('envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy'),
    stat_prefix: name,
    cluster: clusterName,
    ...more,
  };
  return { name, address: anyPort, filter_chains: [{ filters: [{ name: 'tcp', typed_config: proxy }] }] };
}

export const routeTo = (name: string, action: Json = {}): Json => ({
  match: { prefix: '/' },
  route: { cluster: name, ...action },
});

/** A data plane on free ports, in this process. */
export class TestProxy {
  readonly plane: DataPlane;
  readonly folder: string;

  private constructor(plane: DataPlane, folder: string) {
    this.plane = plane;
    this.folder = folder;
  }

  static async start(bootstrap: Json, drainTimeMs = 2000): Promise<TestProxy> {
    const folder = mkdtempSync(join(tmpdir(), 'lateen-proxy-'));
    const file = join(folder, 'bootstrap.json');
    writeFileSync(file, JSON.stringify(bootstrap));
    const loaded = await loadBootstrap(file);
    if (loaded.bootstrap === undefined) throw new Error(JSON.stringify(loaded.issues));
    const plane = new DataPlane(loaded.bootstrap, { log: silentLogger, drainTimeMs });
    const faults = await plane.start();
    if (faults.length > 0) throw new Error(JSON.stringify(faults));
    return new TestProxy(plane, folder);
  }

  static serving(listeners: readonly Json[], clusters: readonly Json[]): Promise<TestProxy> {
    return TestProxy.start({ static_resources: { listeners, clusters } });
  }

  port(listener: string): number {
    return this.plane.listeners.find(listener)?.boundAddresses[0]?.port ?? 0;
  }

  /** The value of a statistic by its full Envoy name. */
  stat(name: string): number | undefined {
    let found: number | undefined;
    const look = (scope: { prefix: string }, rest: string, value: number) => {
      if (scope.prefix + rest === name) found = value;
    };
    this.plane.stats.visit({ counter: look, gauge: look, histogram() {} });
    return found;
  }

  close(): void {
    this.plane.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
