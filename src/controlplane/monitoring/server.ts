import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ControlPlane } from '../control-plane.ts';
import { debugIndex, debugPage } from './debug.ts';
import type { Metrics } from './metrics.ts';

export interface MonitoringOptions {
  readonly plane: ControlPlane;
  readonly metrics: Metrics;
  readonly version: string;
  /** Whether the process may receive traffic: everything listed and the webhook certificate valid. */
  readonly ready: () => boolean;
}

/** Port 15014 (and 8080 for the readiness probe): `/metrics`, `/version`, `/ready`, `/debug`. Plain HTTP, read-only. */
export class MonitoringServer {
  readonly #servers: Server[] = [];
  readonly #options: MonitoringOptions;

  constructor(options: MonitoringOptions) {
    this.#options = options;
  }

  /** Listens and returns the port taken; port 0 takes any. */
  async listen(port: number, host?: string): Promise<number> {
    const server = createServer((request, response) => this.#answer(request, response));
    this.#servers.push(server);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
    return (server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    await Promise.all(
      this.#servers.map((server) => {
        server.closeAllConnections();
        return new Promise((resolve) => server.close(resolve));
      }),
    );
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { plane, metrics, version, ready } = this.#options;
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return send(response, 405, 'text/plain', 'only GET is served here\n');
    switch (url.pathname) {
      case '/metrics':
        return send(response, 200, 'text/plain; version=0.0.4', metrics.text());
      case '/version':
        return send(response, 200, 'text/plain', `${version}\n`);
      case '/ready':
        return ready()
          ? send(response, 200, 'text/plain', 'ready\n')
          : send(response, 503, 'text/plain', 'not ready\n');
      case '/debug':
        return sendJson(response, debugIndex());
      default: {
        const page = debugPage(plane, url.pathname, url.searchParams);
        return page === undefined
          ? send(response, 404, 'text/plain', 'not found\n')
          : sendJson(response, page);
      }
    }
  }
}

function sendJson(response: ServerResponse, value: unknown): void {
  send(response, 200, 'application/json', `${JSON.stringify(value, undefined, 2)}\n`);
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body);
}
