import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pointAtFiles, type ResourceSet, resourceFile, resourceName } from '../../xds/snapshot/index.ts';

/** A real Envoy to judge with: `ENVOY` names one, or a Python environment holds one. Undefined when there is none. */
export function envoyBinary(): string | undefined {
  return process.env['ENVOY'] ?? globSync('/tmp/envoyvenv/lib/python3*/site-packages/envoy/_bin/envoy')[0];
}

/** What `envoy --mode validate` says against the resources; empty when it accepts them. */
export function envoyVerdict(binary: string, resources: ResourceSet): string {
  const folder = mkdtempSync(join(tmpdir(), 'lateen-envoy-'));
  try {
    const xds = join(folder, 'xds');
    const write = (path: string, value: unknown) => {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      // A pipe cannot be opened by the name of standard output.
      writeFileSync(
        join(folder, path),
        JSON.stringify(value).replaceAll('/dev/stdout', join(folder, 'access.log')),
      );
    };
    for (const route of resources.routes) {
      write(`xds/current/${resourceFile('routes', resourceName(route))}`, { resources: [route] });
    }
    for (const endpoint of resources.endpoints) {
      write(`xds/current/${resourceFile('endpoints', resourceName(endpoint))}`, { resources: [endpoint] });
    }
    const untyped = ({ '@type': _, ...rest }: Readonly<Record<string, unknown>>) => rest;
    const local = (list: ResourceSet['listeners']) =>
      list.map((entry) => untyped(pointAtFiles(entry, { folder: xds })));
    // Route tables inline: validation does not wait for subscriptions, so a table in a file would go unread.
    const inline = [...resources.routes].map((route, i) => ({
      name: `table-${i}`,
      address: { socket_address: { address: '127.0.0.1', port_value: 20000 + i } },
      bind_to_port: false,
      filter_chains: [{ filters: [manager(untyped(route))] }],
    }));
    write('bootstrap.json', {
      node: { id: 'test', cluster: 'test' },
      static_resources: {
        listeners: [...local(resources.listeners), ...inline],
        clusters: local(resources.clusters),
      },
    });
    const result = spawnSync(
      binary,
      ['--mode', 'validate', '-c', join(folder, 'bootstrap.json'), '-l', 'error'],
      {
        encoding: 'utf8',
      },
    );
    return result.status === 0 ? '' : `${result.stdout}${result.stderr}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function manager(route: Record<string, unknown>): unknown {
  return {
    name: 'envoy.filters.network.http_connection_manager',
    typed_config: {
      '@type':
        'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
      stat_prefix: 'table',
      route_config: route,
      http_filters: [
        {
          name: 'envoy.filters.http.cors',
          typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.cors.v3.Cors' },
        },
        {
          name: 'envoy.filters.http.fault',
          typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault' },
        },
        {
          name: 'envoy.filters.http.router',
          typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' },
        },
      ],
    },
  };
}
