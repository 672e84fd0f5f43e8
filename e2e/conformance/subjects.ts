import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootstrap, type Wanted } from './bootstrap.ts';
import { debian, envoy } from './install.ts';
import { freePort, root, type Started, start, waitForPort } from './processes.ts';

/** A proxy under test. */
export interface Subject {
  readonly name: string;
  readonly port: number;
  readonly process: Started;
}

export type SubjectName = 'lateen' | 'envoy' | 'nginx' | 'haproxy';

export const node: string = join(root, 'node_modules', '.bin', 'node');

/** Starts a proxy that forwards a new port to the wanted backend. */
export async function startSubject(name: SubjectName, wanted: Omit<Wanted, 'port'>): Promise<Subject> {
  const port = await freePort();
  const directory = mkdtempSync(join(tmpdir(), `lateen-${name}-`));
  const process = launch(name, { ...wanted, port }, directory);
  await waitForPort(port, process);
  return { name, port, process };
}

function launch(name: SubjectName, wanted: Wanted, directory: string): Started {
  if (name === 'lateen' || name === 'envoy') {
    const file = join(directory, 'bootstrap.json');
    writeFileSync(file, JSON.stringify(bootstrap(wanted), null, 1));
    if (name === 'lateen') {
      return start(node, [join(root, 'src/cmd/lateen.ts'), 'proxy', '-c', file, '--concurrency', '1']);
    }
    return start(envoy(), ['-c', file, '--concurrency', '1', '-l', 'error', '--use-dynamic-base-id']);
  }
  if (name === 'nginx') return launchNginx(wanted, directory);
  const file = join(directory, 'haproxy.cfg');
  writeFileSync(file, haproxyConfig(wanted, directory));
  return start(debian('haproxy'), ['-f', file, '-db']);
}

function launchNginx(wanted: Wanted, directory: string): Started {
  mkdirSync(join(directory, 'logs'));
  const { port, tls, backendPort, backend } = wanted;
  const listen =
    tls === undefined ? `listen 127.0.0.1:${port} http2;` : `listen 127.0.0.1:${port} ssl http2;`;
  const secure =
    tls === undefined
      ? ''
      : `ssl_certificate ${tls.certificate}; ssl_certificate_key ${tls.key}; ssl_protocols TLSv1.2 TLSv1.3;`;
  const pass =
    backend === 'http2'
      ? `grpc_pass grpc://127.0.0.1:${backendPort};`
      : `proxy_pass http://127.0.0.1:${backendPort}; proxy_http_version 1.1; proxy_set_header Connection "";`;
  const file = join(directory, 'nginx.conf');
  writeFileSync(
    file,
    `daemon off; worker_processes 1; pid ${directory}/pid; error_log stderr error; events {}
http { access_log off; server { ${listen} ${secure} location / { ${pass} client_max_body_size 0; grpc_read_timeout 60s; } } }`,
  );
  return start(debian('nginx', 'nginx-light'), ['-p', directory, '-c', file]);
}

function haproxyConfig({ port, tls, backendPort, backend }: Wanted, directory: string): string {
  const bind = tls === undefined ? 'proto h2' : `ssl crt ${combinedPem(tls, directory)} alpn h2,http/1.1`;
  return `global
  maxconn 4096
defaults
  mode http
  timeout client 60s
  timeout server 60s
  timeout connect 5s
frontend in
  bind 127.0.0.1:${port} ${bind}
  default_backend out
backend out
  server one 127.0.0.1:${backendPort}${backend === 'http2' ? ' proto h2' : ''}
`;
}

function combinedPem(tls: NonNullable<Wanted['tls']>, directory: string): string {
  const file = join(directory, 'server.pem');
  writeFileSync(file, `${tls.certificatePem}\n${tls.keyPem}\n`);
  return file;
}
