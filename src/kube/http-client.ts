import http from 'node:http';
import https from 'node:https';
import type { KubeObject } from '../api/object.ts';
import type { Clock } from '../base/clock.ts';
import { sleep, systemClock } from '../base/clock.ts';
import type {
  DeleteOptions,
  KubeClient,
  ListOptions,
  PatchType,
  Resource,
  Subresource,
  WatchEvent,
  WriteOptions,
} from './client.ts';
import { ApiError } from './client.ts';
import type { Connection } from './connection.ts';
import { apiVersionOf, resourcePath } from './resource.ts';
import { apiErrorOf, unreachable } from './status-error.ts';
import { readWatchStream } from './watch-stream.ts';

export interface HttpClientOptions {
  readonly userAgent?: string;
  /** Silence on a connection after which a call other than a watch fails. */
  readonly timeoutMs?: number;
  /** Headers added to each request, as impersonation needs them. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly body?: string | undefined;
  readonly headers?: Record<string, string>;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

const patchTypes: Record<PatchType, string> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
};

const maxAttempts = 5;
const longestRetryAfterSeconds = 30;

/** KubeClient over `node:https` with kept-alive connections. Watches have connections of their own and never wait for a free one. */
export class HttpKubeClient implements KubeClient {
  readonly #connection: Connection;
  readonly #options: HttpClientOptions;
  readonly #clock: Clock;
  readonly #base: URL;
  readonly #agent: http.Agent;
  readonly #watchAgent: http.Agent;

  constructor(connection: Connection, options: HttpClientOptions = {}) {
    this.#connection = connection;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#base = new URL(connection.server);
    const { Agent } = this.#base.protocol === 'https:' ? https : http;
    this.#agent = new Agent({ keepAlive: true, maxSockets: 64, maxFreeSockets: 8, ...connection.tls });
    this.#watchAgent = new Agent({ keepAlive: false, ...connection.tls });
  }

  async get(
    resource: Resource,
    name: string,
    namespace?: string,
    subresource?: Subresource,
  ): Promise<KubeObject> {
    return this.#json({ method: 'GET', path: resourcePath(resource, namespace, name, subresource) });
  }

  async list(
    resource: Resource,
    options: ListOptions = {},
  ): Promise<{ items: KubeObject[]; resourceVersion: string; continue?: string }> {
    const path = resourcePath(resource, options.namespace) + query(listQuery(options));
    const body = (await this.#json({ method: 'GET', path })) as unknown as {
      items?: KubeObject[] | null;
      metadata?: { resourceVersion?: string; continue?: string };
    };
    const items = body.items ?? [];
    // Items of built-in lists come without the two fields.
    for (const item of items) {
      item.apiVersion ??= apiVersionOf(resource);
      item.kind ??= resource.kind;
    }
    const next = body.metadata?.continue;
    return { items, resourceVersion: body.metadata?.resourceVersion ?? '', ...(next && { continue: next }) };
  }

  async create(resource: Resource, object: KubeObject, options: WriteOptions = {}): Promise<KubeObject> {
    const path = resourcePath(resource, object.metadata.namespace) + query(writeQuery(options));
    return this.#json({ method: 'POST', path, body: JSON.stringify(object) });
  }

  async replace(
    resource: Resource,
    object: KubeObject,
    options: WriteOptions & { subresource?: Subresource } = {},
  ): Promise<KubeObject> {
    const { name, namespace } = object.metadata;
    const path = resourcePath(resource, namespace, name, options.subresource) + query(writeQuery(options));
    return this.#json({ method: 'PUT', path, body: JSON.stringify(object) });
  }

  async patch(
    resource: Resource,
    name: string,
    type: PatchType,
    patch: unknown,
    options: WriteOptions & { namespace?: string; subresource?: Subresource } = {},
  ): Promise<KubeObject> {
    const path =
      resourcePath(resource, options.namespace, name, options.subresource) + query(writeQuery(options));
    return this.#json({
      method: 'PATCH',
      path,
      body: JSON.stringify(patch),
      headers: { 'content-type': patchTypes[type] },
    });
  }

  async apply(
    resource: Resource,
    object: KubeObject,
    options: WriteOptions & { fieldManager: string; force?: boolean; subresource?: Subresource },
  ): Promise<KubeObject> {
    const { name, namespace } = object.metadata;
    const params = { ...writeQuery(options), ...(options.force === true && { force: 'true' }) };
    const path = resourcePath(resource, namespace, name, options.subresource) + query(params);
    const headers = { 'content-type': 'application/apply-patch+yaml' };
    return this.#json({ method: 'PATCH', path, body: JSON.stringify(object), headers });
  }

  async delete(resource: Resource, name: string, options: DeleteOptions = {}): Promise<void> {
    const { namespace, ...rest } = options;
    const body = JSON.stringify({ apiVersion: 'v1', kind: 'DeleteOptions', ...rest });
    await this.#json({ method: 'DELETE', path: resourcePath(resource, namespace, name), body });
  }

  async watch(
    resource: Resource,
    options: ListOptions & { allowWatchBookmarks?: boolean; timeoutSeconds?: number },
    onEvent: (event: WatchEvent) => void,
    signal: AbortSignal,
  ): Promise<void> {
    if (signal.aborted) return;
    const seconds = options.timeoutSeconds ?? 300;
    const params = {
      ...listQuery(options),
      watch: 'true',
      timeoutSeconds: String(seconds),
      ...(options.allowWatchBookmarks === true && { allowWatchBookmarks: 'true' }),
    };
    const path = resourcePath(resource, options.namespace) + query(params);
    try {
      const response = await this.#send(
        { method: 'GET', path, timeoutMs: (seconds + 30) * 1000, signal },
        this.#watchAgent,
      );
      if (response.statusCode !== 200)
        throw apiErrorOf(response.statusCode ?? 0, await textOf(response), `GET ${path}`);
      await readWatchStream(response, onEvent);
    } catch (failure) {
      if (signal.aborted) return;
      throw failure instanceof ApiError ? failure : unreachable(this.#connection.server, failure);
    }
  }

  async raw(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; body: string }> {
    const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
    try {
      const response = await this.#send({ method, path, body: text, headers }, this.#agent);
      return { status: response.statusCode ?? 0, body: await textOf(response) };
    } catch (failure) {
      throw unreachable(this.#connection.server, failure);
    }
  }

  /** Closes idle connections, so that a command-line process can end. */
  close(): void {
    this.#agent.destroy();
    this.#watchAgent.destroy();
  }

  async #json(call: Call): Promise<KubeObject> {
    for (let attempt = 1; ; attempt++) {
      const { response, text } = await this.#exchange(call);
      const status = response.statusCode ?? 0;
      if (status >= 200 && status < 300) return JSON.parse(text === '' ? '{}' : text) as KubeObject;
      const wait = retryAfterSeconds(status, response.headers['retry-after']);
      if (wait === undefined || attempt === maxAttempts)
        throw apiErrorOf(status, text, `${call.method} ${call.path}`);
      await sleep(this.#clock, wait * 1000);
    }
  }

  async #exchange(call: Call): Promise<{ response: http.IncomingMessage; text: string }> {
    try {
      const response = await this.#send(call, this.#agent);
      return { response, text: await textOf(response) };
    } catch (failure) {
      throw unreachable(this.#connection.server, failure);
    }
  }

  async #send(call: Call, agent: http.Agent, retried = false): Promise<http.IncomingMessage> {
    const headers: Record<string, string> = {
      accept: 'application/json',
      'user-agent': this.#options.userAgent ?? 'lateen',
      ...this.#options.headers,
      ...(await this.#connection.headers()),
      ...(call.body !== undefined && {
        'content-type': 'application/json',
        'content-length': String(Buffer.byteLength(call.body)),
      }),
      ...call.headers,
    };
    const { request } = this.#base.protocol === 'https:' ? https : http;
    const options = {
      method: call.method,
      host: this.#base.hostname.replace(/^\[|\]$/g, ''),
      port: this.#base.port || (this.#base.protocol === 'https:' ? 443 : 80),
      path: this.#base.pathname.replace(/\/$/, '') + call.path,
      headers,
      agent,
      ...(call.signal !== undefined && { signal: call.signal }),
    };
    return new Promise((resolve, reject) => {
      const req = request(options, resolve);
      req.setTimeout(call.timeoutMs ?? this.#options.timeoutMs ?? 30_000, () =>
        req.destroy(new Error('timed out waiting for an answer')),
      );
      // Detects a silently dead peer within half a minute, which a watch would otherwise notice only at its timeout.
      req.setSocketKeepAlive(true, 15_000);
      req.once('error', (failure: NodeJS.ErrnoException) => {
        // The server may close a kept-alive connection just as we write to it; nothing of ours was handled then.
        const stale = req.reusedSocket && failure.code === 'ECONNRESET' && !retried && call.method !== 'POST';
        if (stale) this.#send(call, agent, true).then(resolve, reject);
        else reject(failure);
      });
      req.end(call.body);
    });
  }
}

function textOf(response: http.IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    response.once('error', reject);
    response.once('close', () => reject(new Error('connection closed in the middle of an answer')));
  });
}

/** Seconds to wait before trying again when the server asks for it (429 and overloaded 503), as client-go does; else undefined. */
function retryAfterSeconds(status: number, header: string | undefined): number | undefined {
  if ((status !== 429 && status !== 503) || header === undefined) return undefined;
  const seconds = Number(header);
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0), longestRetryAfterSeconds) : undefined;
}

function listQuery(options: ListOptions): Record<string, string> {
  const params: Record<string, string> = {};
  if (options.labelSelector) params['labelSelector'] = options.labelSelector;
  if (options.fieldSelector) params['fieldSelector'] = options.fieldSelector;
  if (options.limit !== undefined) params['limit'] = String(options.limit);
  if (options.continue) params['continue'] = options.continue;
  if (options.resourceVersion !== undefined) params['resourceVersion'] = options.resourceVersion;
  if (options.resourceVersionMatch) params['resourceVersionMatch'] = options.resourceVersionMatch;
  return params;
}

function writeQuery(options: WriteOptions): Record<string, string> {
  return {
    ...(options.fieldManager !== undefined && { fieldManager: options.fieldManager }),
    ...(options.dryRun === true && { dryRun: 'All' }),
    ...(options.fieldValidation !== undefined && { fieldValidation: options.fieldValidation }),
  };
}

function query(params: Record<string, string>): string {
  const text = new URLSearchParams(params).toString();
  return text === '' ? '' : `?${text}`;
}
