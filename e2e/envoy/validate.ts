import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/base/package-root.ts';
import { parseYaml } from '../../src/base/yaml.ts';
import { envoyBinary } from './envoy-binary.ts';

/**
 * Gives the same configurations to `lateen proxy --mode validate` and to `envoy --mode validate` and compares the verdicts. The cases stand in
 * cases-validate.yaml: each sets some paths of one base configuration. Ends with 1 when a verdict differs.
 */
interface Case {
  readonly name: string;
  readonly set: Readonly<Record<string, unknown>>;
  /** A documented difference. */
  readonly why?: string;
}

const chain = 'static_resources.listeners.0.filter_chains.0';
const manager = `${chain}.filters.0.typed_config`;
const host = `${manager}.route_config.virtual_hosts.0`;
const short: readonly [string, string][] = [
  ['ROUTER', `${manager}.http_filters.0`],
  ['FILTER', `${manager}.http_filters.-1`],
  ['ROUTE', `${host}.routes.0`],
  ['VHOST', host],
  ['HCM', manager],
  ['CHAIN', chain],
];

function base(): Record<string, unknown> {
  const socket = (port: number) => ({ socket_address: { address: '127.0.0.1', port_value: port } });
  const any = (name: string, fields: object = {}) => ({ '@type': `type.googleapis.com/${name}`, ...fields });
  const route = { match: { prefix: '/' }, route: { cluster: 'c' } };
  const hcm = any('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager', {
    stat_prefix: 'x',
    route_config: {
      name: 'r',
      validate_clusters: true,
      virtual_hosts: [{ name: 'v', domains: ['*'], routes: [route] }],
    },
    http_filters: [{ name: 'router', typed_config: any('envoy.extensions.filters.http.router.v3.Router') }],
  });
  return {
    node: { id: 'a', cluster: 'b' },
    static_resources: {
      listeners: [
        { name: 'l', address: socket(0), filter_chains: [{ filters: [{ name: 'hcm', typed_config: hcm }] }] },
      ],
      clusters: [
        {
          name: 'c',
          type: 'STATIC',
          load_assignment: {
            cluster_name: 'c',
            endpoints: [{ lb_endpoints: [{ endpoint: { address: socket(1) } }] }],
          },
        },
      ],
    },
  };
}

function patched(change: Case['set']): object {
  const root = base();
  for (const [path, value] of Object.entries(change)) {
    const full = short.reduce(
      (text, [name, stands]) =>
        text === name || text.startsWith(`${name}.`) ? stands + text.slice(name.length) : text,
      path,
    );
    set(root, full.split('.'), JSON.parse(JSON.stringify(value).replaceAll('BIG', 'x'.repeat(5000))));
  }
  return root;
}

function set(target: unknown, [head = '', ...rest]: string[], value: unknown): void {
  const object = target as Record<string, unknown>;
  if (head === '-1') return void (target as unknown[]).unshift(value);
  if (rest.length > 0) return set(object[head], rest, value);
  if (value === null && !Array.isArray(target)) delete object[head];
  else object[head] = value;
}

function run(bin: string, args: string[]): Promise<{ ok: boolean; text: string }> {
  return new Promise((resolve) => {
    execFile(bin, args, { timeout: 20_000 }, (error, stdout, stderr) =>
      resolve({ ok: error === null, text: stdout + stderr }),
    );
  });
}

async function main(): Promise<number> {
  const envoy = envoyBinary(process.argv.includes('--install'));
  if (envoy === undefined) return 0;
  const dir = mkdtempSync(join(tmpdir(), 'lateen-validate-'));
  const cases = parseYaml(readFileSync(join(import.meta.dirname, 'cases-validate.yaml'), 'utf8')) as Case[];
  let differ = 0;
  for (const [i, item] of cases.entries()) {
    const file = join(dir, `${i}.json`);
    writeFileSync(file, JSON.stringify(patched(item.set)));
    const [theirs, ours] = await Promise.all([
      run(envoy, ['--mode', 'validate', '-c', file, '-l', 'error']),
      run(process.execPath, [
        join(packageRoot(), 'src/cmd/lateen.ts'),
        'proxy',
        '--mode',
        'validate',
        '-c',
        file,
      ]),
    ]);
    if (theirs.ok === ours.ok || item.why !== undefined) continue;
    differ++;
    const refused = theirs.ok ? ours : theirs;
    console.log(
      `DIFFERENT ${item.name}: Envoy ${theirs.ok ? 'accepts' : 'refuses'}, lateen ${ours.ok ? 'accepts' : 'refuses'}`,
    );
    console.log(`    ${refused.text.trim().split('\n').slice(-2).join('\n    ').slice(0, 400)}`);
  }
  console.log(`${cases.length - differ} of ${cases.length} configurations get the same verdict`);
  return differ === 0 ? 0 : 1;
}

process.exitCode = await main();
