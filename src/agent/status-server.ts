import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { errorMessage } from '../base/log.ts';
import { callAdmin } from './admin-client.ts';
import { type AppProbe, runAppProbe } from './app-probe.ts';

export interface StatusServerOptions {
  readonly port: number;
  readonly adminPort: number;
  readonly podIp: string;
  readonly appProbes: Readonly<Record<string, AppProbe>>;
  /** The application's own metrics page, merged into ours. */
  readonly scrape: { readonly port: number; readonly path: string } | undefined;
  /** Why the proxy cannot be ready yet, or undefined when its admin page decides. */
  readonly notReady: () => string | undefined;
  /** Prometheus text of the agent's own metrics. */
  readonly metrics: () => string;
  readonly onQuit: () => void;
}

/** The agent's page on 15020: readiness, the merged Prometheus page, application probes, and the quit call. */
export function createStatusServer(options: StatusServerOptions): Server {
  return createServer((incoming, answer) => {
    handle(options, incoming, answer).catch((thrown) => reply(answer, 500, errorMessage(thrown)));
  });
}

async function handle(
  options: StatusServerOptions,
  incoming: IncomingMessage,
  answer: ServerResponse,
): Promise<void> {
  const path = (incoming.url ?? '/').split('?')[0] as string;
  const probe = options.appProbes[path];
  if (probe !== undefined) {
    const { status, body } = await runAppProbe(
      probe,
      options.podIp,
      incoming.headers as Record<string, string>,
    );
    return reply(answer, status, body);
  }
  switch (path) {
    case '/healthz/ready':
      return ready(options, answer);
    case '/stats/prometheus':
    case '/metrics':
      return metrics(options, answer);
    case '/quitquitquit':
      return quit(options, incoming, answer);
    default:
      return reply(answer, 404, `no such page: ${path}`);
  }
}

async function ready(options: StatusServerOptions, answer: ServerResponse): Promise<void> {
  const reason = options.notReady();
  if (reason !== undefined) return reply(answer, 503, reason);
  const admin = await callAdmin(options.adminPort, 'GET', '/ready').catch((thrown) => ({
    status: 503,
    body: errorMessage(thrown),
  }));
  reply(
    answer,
    admin.status === 200 ? 200 : 503,
    admin.status === 200 ? '' : `the proxy is not ready: ${admin.body.trim()}`,
  );
}

async function metrics(options: StatusServerOptions, answer: ServerResponse): Promise<void> {
  const [proxy, application] = await Promise.all([
    callAdmin(options.adminPort, 'GET', '/stats/prometheus', 10_000).catch(() => undefined),
    options.scrape === undefined ? undefined : scrape(options.scrape).catch(() => undefined),
  ]);
  answer.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
  answer.end(
    [options.metrics(), proxy?.body ?? '', application ?? ''].filter((text) => text !== '').join('\n'),
  );
}

function scrape(target: { port: number; path: string }): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request(
      { host: '127.0.0.1', port: target.port, path: target.path, timeout: 10_000 },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          response.statusCode === 200
            ? resolve(Buffer.concat(chunks).toString('utf8'))
            : reject(new Error(`status ${response.statusCode}`)),
        );
      },
    );
    call.on('timeout', () => call.destroy(new Error('timeout')));
    call.on('error', reject);
    call.end();
  });
}

/** Only the pod itself may end its proxy: a Job's last step calls this over loopback. */
function quit(options: StatusServerOptions, incoming: IncomingMessage, answer: ServerResponse): void {
  const from = incoming.socket.remoteAddress ?? '';
  if (!/^(127\.|::1$|::ffff:127\.)/.test(from))
    return reply(answer, 403, 'only requests from inside the pod may end the proxy');
  if (incoming.method !== 'POST') return reply(answer, 405, 'use POST');
  reply(answer, 200, 'OK');
  options.onQuit();
}

function reply(answer: ServerResponse, status: number, body: string): void {
  if (answer.headersSent) return;
  answer.writeHead(status, { 'content-type': 'text/plain' });
  answer.end(body === '' ? '' : `${body}\n`);
}
