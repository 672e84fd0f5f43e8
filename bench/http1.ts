/**
 * CPU time a request costs each proxy, side by side on one pinned core: `lateen proxy`, Envoy, HAProxy and nginx in front of the same
 * nginx backend, 64 connections from wrk. Ours and Envoy read the same bootstrap (telemetry, RBAC, four routes with a header match, request ids).
 *
 *   node bench/http1.ts [--seconds N] [--only lateen,envoy]
 *
 * Envoy is taken from $ENVOY or PATH; programs that are not installed are left out.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { httpBootstrap } from './bootstrap.ts';

interface Contender {
  readonly name: string;
  readonly port: number;
  command(folder: string): [string, string[]] | undefined;
}

const backendPort = 18500;
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    only: { type: 'string' },
    connections: { type: 'string', default: '64' },
    prof: { type: 'boolean' },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'lateen-bench-'));
const children: ChildProcess[] = [];

function which(name: string): string | undefined {
  try {
    return execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}

const contenders: readonly Contender[] = [
  {
    name: 'lateen',
    port: 18501,
    command(dir) {
      const file = join(dir, 'lateen.json');
      writeFileSync(file, JSON.stringify(httpBootstrap({ port: 18501, admin: 18511, backend: backendPort })));
      const entry =
        existsSync('dist/lateen.mjs') && process.env['BENCH_DIST'] ? 'dist/lateen.mjs' : 'src/cmd/lateen.ts';
      const prof = values.prof ? ['--cpu-prof', `--cpu-prof-dir=${process.cwd()}/prof`] : [];
      return [process.execPath, [...prof, entry, 'proxy', '-c', file, '--concurrency', '1', '-l', 'warn']];
    },
  },
  {
    name: 'envoy',
    port: 18502,
    command(dir) {
      const envoy = process.env['ENVOY'] ?? which('envoy');
      if (envoy === undefined) return undefined;
      const file = join(dir, 'envoy.json');
      writeFileSync(file, JSON.stringify(httpBootstrap({ port: 18502, admin: 18512, backend: backendPort })));
      return [
        envoy,
        ['-c', file, '--concurrency', '1', '-l', 'error', '--base-id', '77', '--disable-hot-restart'],
      ];
    },
  },
  {
    name: 'haproxy',
    port: 18503,
    command(dir) {
      const haproxy = which('haproxy');
      if (haproxy === undefined) return undefined;
      const file = join(dir, 'haproxy.cfg');
      writeFileSync(file, haproxyConfig(18503));
      return [haproxy, ['-db', '-f', file]];
    },
  },
  {
    name: 'nginx',
    port: 18504,
    command(dir) {
      const nginx = which('nginx');
      return nginx === undefined ? undefined : [nginx, ['-c', nginxProxy(dir, 18504), '-p', dir]];
    },
  },
];

function haproxyConfig(port: number): string {
  return `global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout client 60s
  timeout server 60s
  timeout connect 5s
  option http-keep-alive
frontend f
  bind 127.0.0.1:${port}
  unique-id-format %{+X}o%ci%cp%ts%rt
  http-request set-header x-request-id %[unique-id]
  http-request add-header x-forwarded-proto http
  acl special hdr(x-version) -m str two
  use_backend b if special
  use_backend b if { path_beg /a }
  default_backend b
backend b
  http-reuse always
  server s 127.0.0.1:${backendPort}
`;
}

function nginxBase(dir: string, name: string, server: string): string {
  const file = join(dir, `${name}.conf`);
  writeFileSync(
    file,
    `daemon off; worker_processes 1; pid ${dir}/${name}.pid; error_log ${dir}/${name}.log crit; master_process off;
events { worker_connections 4096; }
http { access_log off; keepalive_requests 1000000000; client_body_temp_path ${dir}/${name}b; proxy_temp_path ${dir}/${name}p; fastcgi_temp_path ${dir}/${name}f; uwsgi_temp_path ${dir}/${name}u; scgi_temp_path ${dir}/${name}s;
${server} }`,
  );
  return file;
}

function nginxProxy(dir: string, port: number): string {
  return nginxBase(
    dir,
    'proxy',
    `upstream u { server 127.0.0.1:${backendPort}; keepalive 256; keepalive_requests 1000000000; }
server { listen 127.0.0.1:${port}; location / { proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;
proxy_set_header x-request-id $request_id; proxy_set_header x-forwarded-proto http; proxy_pass http://u; } }`,
  );
}

function start(core: number, command: string, args: string[]): ChildProcess {
  const child = spawn('taskset', ['-c', String(core), command, ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  children.push(child);
  return child;
}

async function listening(port: number): Promise<void> {
  for (let i = 0; i < 200; i++) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => resolve(false));
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nothing listens on port ${port}`);
}

/** User and system CPU seconds of a process. */
function cpuSeconds(pid: number): { user: number; system: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { user: Number(fields[11]) / 100, system: Number(fields[12]) / 100 };
}

function residentMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

async function load(
  port: number,
  seconds: number,
): Promise<{ requests: number; p99: string; errors: string }> {
  const args = [
    '-c',
    '1',
    'wrk',
    '-t',
    '1',
    '-c',
    values.connections,
    '-d',
    `${seconds}s`,
    '--latency',
    `http://127.0.0.1:${port}/a/b/c?x=1`,
  ];
  const child = spawn('taskset', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  await new Promise((resolve) => child.on('close', resolve));
  return {
    requests: Number(/(\d+) requests in/.exec(output)?.[1] ?? 0),
    p99: /99%\s+(\S+)/.exec(output)?.[1] ?? '?',
    errors: /(Non-2xx.*|Socket errors.*)/.exec(output)?.[1] ?? '',
  };
}

interface Row {
  readonly name: string;
  readonly micros: number;
  readonly user: number;
  readonly rate: number;
  readonly p99: string;
  readonly rss: number;
  readonly errors: string;
}

async function measure(contender: Contender): Promise<Row | undefined> {
  const command = contender.command(folder);
  if (command === undefined) return undefined;
  const child = start(0, ...command);
  await listening(contender.port);
  await load(contender.port, 2);
  const pid = child.pid as number;
  const before = cpuSeconds(pid);
  const seconds = Number(values.seconds);
  const { requests, p99, errors } = await load(contender.port, seconds);
  const after = cpuSeconds(pid);
  const user = after.user - before.user;
  const total = user + after.system - before.system;
  const row = {
    name: contender.name,
    micros: (total * 1e6) / requests,
    user: (user * 1e6) / requests,
    rate: requests / seconds,
    p99,
    rss: residentMb(pid),
    errors,
  };
  child.kill('SIGTERM');
  await new Promise((resolve) => child.on('close', resolve));
  return row;
}

function print(rows: readonly Row[]): void {
  const envoy = rows.find((row) => row.name === 'envoy')?.micros;
  const haproxy = rows.find((row) => row.name === 'haproxy')?.micros;
  const ratio = (micros: number, base: number | undefined) =>
    base === undefined ? '' : `${(micros / base).toFixed(2)}x`;
  console.log('proxy     CPU/request  user    /envoy  /haproxy  requests/s  p99       RSS');
  for (const row of rows) {
    console.log(
      `${row.name.padEnd(9)} ${`${row.micros.toFixed(1)} µs`.padEnd(12)} ${row.user.toFixed(1).padEnd(7)} ${ratio(row.micros, envoy).padEnd(7)} ${ratio(row.micros, haproxy).padEnd(9)} ${row.rate.toFixed(0).padEnd(11)} ${row.p99.padEnd(9)} ${row.rss.toFixed(0)} MB ${row.errors}`,
    );
  }
}

const backend = nginxBase(
  folder,
  'backend',
  `server { listen 127.0.0.1:${backendPort} reuseport; location / { default_type text/plain; return 200 "0123456789012345678901234567890123456789012345678901234567890123\n"; } }`,
);
try {
  start(1, which('nginx') as string, ['-c', backend, '-p', folder]);
  await listening(backendPort);
  const rows: Row[] = [];
  for (const contender of contenders) {
    if (values.only !== undefined && !values.only.split(',').includes(contender.name)) continue;
    const row = await measure(contender);
    if (row !== undefined) rows.push(row);
  }
  print(rows);
} finally {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}
