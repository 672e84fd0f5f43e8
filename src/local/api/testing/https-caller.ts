import { readFileSync } from 'node:fs';
import https from 'node:https';
import { parseYaml } from '../../../base/yaml.ts';
import { asList, asObject, at, type Fields } from '../object.ts';

export interface Answer {
  readonly status: number;
  readonly warnings: string;
  readonly body: Fields;
}

/** Plain HTTPS calls on any API server, by the current context of a kubeconfig with a token. */
export class HttpsCaller {
  readonly #base: URL;
  readonly #token: string;
  readonly #agent: https.Agent;

  constructor(kubeconfig: string) {
    const config = parseYaml(kubeconfig);
    const cluster = asObject(at(asList(at(config, 'clusters'))[0], 'cluster')) ?? {};
    const ca = cluster['certificate-authority-data'];
    const file = cluster['certificate-authority'];
    this.#base = new URL(String(cluster['server']));
    this.#token = String(at(asList(at(config, 'users'))[0], 'user', 'token'));
    this.#agent = new https.Agent({
      keepAlive: true,
      rejectUnauthorized: cluster['insecure-skip-tls-verify'] !== true,
      ...(typeof ca === 'string' ? { ca: Buffer.from(ca, 'base64') } : {}),
      ...(typeof file === 'string' ? { ca: readFileSync(file) } : {}),
    });
  }

  close(): void {
    this.#agent.destroy();
  }

  call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const request = https.request(this.#options(method, path, headers), (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          const parsed = text.startsWith('{') ? (JSON.parse(text) as Fields) : { text };
          resolve({
            status: response.statusCode ?? 0,
            warnings: String(response.headers['warning'] ?? ''),
            body: parsed,
          });
        });
      });
      request.on('error', reject);
      const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
      if (text !== '') request.setHeader('Content-Length', Buffer.byteLength(text));
      request.end(text === '' ? undefined : text);
    });
  }

  /** Reads a watch until `count` events have come (or the server ends it). */
  watch(path: string, count: number, headers: Record<string, string> = {}): Promise<Fields[]> {
    return new Promise((resolve, reject) => {
      const events: Fields[] = [];
      let rest = '';
      const request = https.request({ ...this.#options('GET', path, headers), agent: false }, (response) => {
        response.on('data', (chunk: Buffer) => {
          const lines = `${rest}${chunk}`.split('\n');
          rest = lines.pop() ?? '';
          for (const line of lines.filter(Boolean)) events.push(JSON.parse(line) as Fields);
          if (events.length >= count) {
            resolve(events.slice(0, count));
            request.destroy();
          }
        });
        response.on('end', () => resolve(events));
        response.on('error', () => {});
      });
      request.on('error', reject);
      request.setTimeout(8000, () => {
        resolve(events);
        request.destroy();
      });
      request.end();
    });
  }

  #options(method: string, path: string, headers: Record<string, string>): https.RequestOptions {
    return {
      method,
      host: this.#base.hostname,
      port: this.#base.port,
      path,
      agent: this.#agent,
      rejectUnauthorized: this.#agent.options.rejectUnauthorized ?? true,
      ...(this.#agent.options.ca === undefined ? {} : { ca: this.#agent.options.ca }),
      headers: {
        Authorization: `Bearer ${this.#token}`,
        'Content-Type': 'application/json',
        Accept: 'application/json',
        'User-Agent': 'contract/1',
        ...headers,
      },
    };
  }
}
