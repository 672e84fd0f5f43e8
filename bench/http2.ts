/**
 * CPU time a request costs `lateen proxy` and Envoy with HTTP/2 and TLS, side by side on one pinned core with the same bootstrap, in front
 * of the same nginx backend: h2load with 16 connections of 32 streams, wrk with 64 connections for HTTP/1.1.
 *
 *   node bench/http2.ts [--seconds N] [--jobs h2-h2,h2-h1,grpc,h1-tls,tls-h1,mtls] [--only lateen]
 *
 * Envoy is taken from $ENVOY, PATH, or where the conformance suites keep theirs.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type BenchTraits, httpBootstrap } from './bootstrap.ts';

interface Job {
  readonly load: 'h2load' | 'h2load-tls' | 'h2load-post' | 'wrk' | 'wrk-tls';
  readonly backend: 'http1' | 'http2' | 'tls' | 'mtls';
  readonly traits: BenchTraits;
  /** Most CPU a request may cost, as a share of Envoy's. */
  readonly goal: number;
}

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    jobs: { type: 'string', default: 'h2-h2,h2-h1,grpc,h2tls-h2,h1-tls,tls-h1,mtls' },
    only: { type: 'string', default: 'lateen,envoy' },
    prof: { type: 'boolean' },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'lateen-bench-'));
const children = new Set<ChildProcess>();
const backendPorts = { http1: 18520, http2: 18521, tls: 18522, mtls: 18523 };
const file = (name: string) => join(folder, name);

function makeCertificates(): void {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' });
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...ec,
    '-keyout',
    file('ca.key'),
    '-out',
    file('ca.pem'),
    '-days',
    '2',
    '-subj',
    '/CN=ca',
  );
  openssl('req', ...ec, '-keyout', file('leaf.key'), '-out', file('leaf.csr'), '-subj', '/CN=localhost');
  writeFileSync(file('ext'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  openssl(
    'x509',
    '-req',
    '-in',
    file('leaf.csr'),
    '-CA',
    file('ca.pem'),
    '-CAkey',
    file('ca.key'),
    '-CAcreateserial',
    '-days',
    '2',
    '-extfile',
    file('ext'),
    '-out',
    file('leaf.pem'),
  );
}

const server = { certificate: file('leaf.pem'), key: file('leaf.key') };
const client = { ca: file('ca.pem'), ...server };
const jobs: Record<string, Job> = {
  'h2-h2': { load: 'h2load', backend: 'http2', traits: { http2Backend: true }, goal: 0.6 },
  'h2-h1': { load: 'h2load', backend: 'http1', traits: {}, goal: 0.6 },
  grpc: { load: 'h2load-post', backend: 'http2', traits: { http2Backend: true }, goal: 0.6 },
  'h2tls-h2': {
    load: 'h2load-tls',
    backend: 'http2',
    traits: { http2Backend: true, serverTls: server },
    goal: 0.6,
  },
  'h1-tls': { load: 'wrk', backend: 'tls', traits: { backendTls: { ca: file('ca.pem') } }, goal: 0.65 },
  'tls-h1': { load: 'wrk-tls', backend: 'http1', traits: { serverTls: server }, goal: 0.65 },
  mtls: { load: 'wrk-tls', backend: 'mtls', traits: { serverTls: server, backendTls: client }, goal: 0.65 },
};

function envoyCommand(): string | undefined {
  const kept = globSync(join(homedir(), '.cache/lateen/envoy-venv/lib/*/site-packages/envoy/_bin/envoy'))[0];
  return process.env['ENVOY'] ?? kept;
}

function startBackend(): Promise<void> {
  const reply = `location / { default_type text/plain; return 200 "0123456789012345678901234567890123456789012345678901234567890123\\n"; }`;
  const tls = `ssl_certificate ${server.certificate}; ssl_certificate_key ${server.key}; ssl_protocols TLSv1.3;`;
  const config = `daemon off; worker_processes 1; master_process off; pid ${file('pid')}; error_log ${file('log')} crit;
events { worker_connections 4096; }
http { access_log off; keepalive_requests 1000000000; http2_max_requests 1000000000; http2_max_concurrent_streams 1024;
client_body_temp_path ${file('b')}; proxy_temp_path ${file('p')}; fastcgi_temp_path ${file('f')}; uwsgi_temp_path ${file('u')}; scgi_temp_path ${file('s')};
server { listen 127.0.0.1:${backendPorts.http1}; ${reply} }
server { listen 127.0.0.1:${backendPorts.http2} http2; ${reply} }
server { listen 127.0.0.1:${backendPorts.tls} ssl; ${tls} ${reply} }
server { listen 127.0.0.1:${backendPorts.mtls} ssl; ${tls} ssl_verify_client on; ssl_client_certificate ${file('ca.pem')}; ${reply} } }`;
  writeFileSync(file('nginx.conf'), config);
  start(1, 'nginx', ['-c', file('nginx.conf'), '-p', folder]);
  return listening(backendPorts.http1);
}

function start(core: number, command: string, args: string[]): ChildProcess {
  const child = spawn('taskset', ['-c', String(core), command, ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  children.add(child);
  return child;
}

async function listening(port: number): Promise<void> {
  for (let i = 0; i < 200; i++) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true));
      socket.on('error', () => resolve(false));
      socket.on('connect', () => socket.destroy());
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

function loadCommand(job: Job, port: number, seconds: number): string[] {
  const secure = job.load.endsWith('-tls');
  const url = `${secure ? 'https' : 'http'}://127.0.0.1:${port}/a/b/c?x=1`;
  if (job.load.startsWith('wrk')) return ['wrk', '-t', '1', '-c', '64', '-d', `${seconds}s`, url];
  const post =
    job.load === 'h2load-post'
      ? ['-d', file('body'), '-H', 'content-type: application/grpc', '-H', 'te: trailers']
      : [];
  return ['h2load', '-c', '16', '-m', '32', '-D', String(seconds), '--warm-up-time', '0', ...post, url];
}

async function drive(job: Job, port: number, seconds: number): Promise<{ requests: number; errors: string }> {
  const child = spawn('taskset', ['-c', '1', ...loadCommand(job, port, seconds)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  await new Promise((resolve) => child.on('close', resolve));
  const requests = Number(/(\d+) requests in|(\d+) succeeded/.exec(output)?.slice(1).find(Boolean) ?? 0);
  const bad = /Non-2xx.*|Socket errors.*/.exec(output)?.[0] ?? '';
  const codes = /status codes: \d+ 2xx, (.*)/.exec(output)?.[1] ?? '';
  return { requests, errors: /[1-9]/.test(codes.replaceAll(/\dxx/g, '')) ? codes : bad };
}

interface Measured {
  readonly micros: number;
  readonly user: number;
  readonly rate: number;
  readonly errors: string;
}

async function measure(name: string, job: Job, port: number): Promise<Measured | undefined> {
  const config = file(`${name}-${port}.json`);
  const ports = { port, admin: port + 100, backend: backendPorts[job.backend] };
  writeFileSync(config, JSON.stringify(httpBootstrap(ports, job.traits)));
  const envoy = envoyCommand();
  const prof = values.prof ? ['--cpu-prof', `--cpu-prof-dir=${process.cwd()}/prof`] : [];
  const command =
    name === 'lateen'
      ? [
          process.execPath,
          ...prof,
          'src/cmd/lateen.ts',
          'proxy',
          '-c',
          config,
          '--concurrency',
          '1',
          '-l',
          'warn',
        ]
      : [
          envoy as string,
          '-c',
          config,
          '--concurrency',
          '1',
          '-l',
          'error',
          '--base-id',
          '78',
          '--disable-hot-restart',
        ];
  if (command[0] === undefined) return undefined;
  const child = start(0, command[0], command.slice(1));
  await listening(port);
  await drive(job, port, 2);
  const pid = child.pid as number;
  const before = cpuSeconds(pid);
  const { requests, errors } = await drive(job, port, Number(values.seconds));
  const after = cpuSeconds(pid);
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), values.prof ? 30_000 : 3000);
  await new Promise((resolve) => child.on('close', resolve));
  clearTimeout(timer);
  children.delete(child);
  const user = after.user - before.user;
  const total = user + after.system - before.system;
  const each = 1e6 / requests;
  return { micros: total * each, user: user * each, rate: requests / Number(values.seconds), errors };
}

try {
  makeCertificates();
  writeFileSync(file('body'), Buffer.from([0, 0, 0, 0, 20, ...Buffer.alloc(20, 97)]));
  await startBackend();
  console.log('job       proxy   CPU/request  user    requests/s  /envoy  goal');
  let port = 18530;
  for (const name of values.jobs.split(',')) {
    const job = jobs[name];
    if (job === undefined) throw new Error(`no job "${name}": there are ${Object.keys(jobs).join(', ')}`);
    const found = new Map<string, Measured>();
    for (const proxy of ['envoy', 'lateen'].filter((proxy) => values.only.split(',').includes(proxy))) {
      const measured = await measure(proxy, job, port++);
      if (measured === undefined) continue;
      found.set(proxy, measured);
      const base = found.get('envoy');
      const ratio = proxy === 'lateen' && base ? `${(measured.micros / base.micros).toFixed(2)}x` : '';
      const goal = proxy === 'lateen' ? `${job.goal}x` : '';
      console.log(
        `${name.padEnd(9)} ${proxy.padEnd(7)} ${`${measured.micros.toFixed(1)} µs`.padEnd(12)} ${measured.user.toFixed(1).padEnd(7)} ${measured.rate.toFixed(0).padEnd(11)} ${ratio.padEnd(7)} ${goal} ${measured.errors}`.trimEnd(),
      );
    }
  }
} finally {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}
