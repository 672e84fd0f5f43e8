import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { issuer } from '../auth/authenticator.ts';
import { anonymousUser } from '../controllers/system-user.ts';
import type { ApiCore } from '../core.ts';
import { aggregated, coreVersions, groupDocument, groupList, resourceList } from '../discovery/discovery.ts';
import type { UserInfo } from '../local-api.ts';
import type { Fields } from '../object.ts';
import type { OpenApiDocuments } from '../openapi/documents.ts';
import { pathNotFound, StatusError } from '../status.ts';
import { parsePath } from './path.ts';
import { sendError, sendJson, sendText } from './reply.ts';
import { serveResource, streamedSubresources } from './resource-handler.ts';
import { serverVersion } from './server-version.ts';

export interface HttpServerOptions {
  readonly certificate: string;
  readonly privateKey: string;
}

/** Calls that stream or are passed on to the node. */
export interface StreamHandler {
  /** A plain request on a pod's or service's streamed subresource. */
  request(req: IncomingMessage, res: ServerResponse, call: StreamCall): Promise<void>;
  /** An Upgrade (SPDY or WebSocket). */
  upgrade(req: IncomingMessage, socket: import('node:stream').Duplex, head: Buffer, call: StreamCall): void;
}

export interface StreamCall {
  readonly path: NonNullable<ReturnType<typeof parsePath>>;
  readonly query: URLSearchParams;
  readonly user: UserInfo;
}

/** The HTTPS side of the API server: who is calling, which document or resource, errors as Status objects. */
export class HttpServer {
  readonly #core: ApiCore;
  readonly #openApi: OpenApiDocuments;
  readonly #streams: StreamHandler;
  readonly #server: https.Server;
  #address = '';

  constructor(core: ApiCore, openApi: OpenApiDocuments, streams: StreamHandler, options: HttpServerOptions) {
    this.#core = core;
    this.#openApi = openApi;
    this.#streams = streams;
    this.#server = https.createServer({
      cert: options.certificate,
      key: options.privateKey,
      keepAlive: true,
      requestTimeout: 0,
      noDelay: true,
    });
    this.#server.keepAliveTimeout = 120_000;
    this.#server.on('request', (req, res) => {
      this.#handle(req, res).catch((error: unknown) => sendError(res, error));
    });
    this.#server.on('upgrade', (req, socket, head) => this.#upgrade(req, socket, head));
    this.#server.on('clientError', (_error, socket) => socket.destroy());
  }

  /** Resolves with the port. */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        const address = this.#server.address() as AddressInfo;
        this.#address = `${host}:${address.port}`;
        resolve(address.port);
      });
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const url = new URL(req.url ?? '/', 'https://localhost');
    const user = this.#userOf(req);
    const path = parsePath(this.#core.registry, url.pathname);
    if (path !== undefined) {
      if (path.subresource !== undefined && streamedSubresources.has(path.subresource)) {
        return this.#streams.request(req, res, { path, query: url.searchParams, user });
      }
      return serveResource(this.#core, { req, res, path, query: queryOf(url.searchParams), user });
    }
    this.#authorizePath(user, req.method ?? 'GET', url.pathname);
    this.#serveDocument(req, res, url);
  }

  #upgrade(req: IncomingMessage, socket: import('node:stream').Duplex, head: Buffer): void {
    try {
      const url = new URL(req.url ?? '/', 'https://localhost');
      const path = parsePath(this.#core.registry, url.pathname);
      if (path === undefined) throw pathNotFound();
      this.#streams.upgrade(req, socket, head, { path, query: url.searchParams, user: this.#userOf(req) });
    } catch (error) {
      const status = error instanceof StatusError ? error : pathNotFound();
      const body = JSON.stringify(status.toStatus());
      socket.end(
        `HTTP/1.1 ${status.code} Error\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
      );
    }
  }

  /** The caller by bearer token (in the header, or as kubectl's WebSockets carry it), or whom an administrator impersonates. */
  #userOf(req: IncomingMessage): UserInfo {
    const token = bearerOf(req);
    if (token === undefined) return anonymousUser;
    const user = this.#core.authenticator.userOf(token);
    if (user === undefined) throw new StatusError(401, 'Unauthorized', 'Unauthorized');
    const impersonated = req.headers['impersonate-user'];
    if (typeof impersonated !== 'string') return user;
    if (
      !this.#core.authorizer.allows(user, {
        verb: 'impersonate',
        group: '',
        resource: 'users',
        name: impersonated,
      })
    ) {
      throw new StatusError(
        403,
        'Forbidden',
        `users "${impersonated}" is forbidden: User "${user.username}" cannot impersonate resource "users" in API group "" at the cluster scope`,
      );
    }
    const groups = req.headers['impersonate-group'];
    return {
      username: impersonated,
      groups: [...(groups === undefined ? [] : String(groups).split(/,\s*/)), 'system:authenticated'],
    };
  }

  #authorizePath(user: UserInfo, method: string, path: string): void {
    const wanted = { verb: method.toLowerCase(), group: '', resource: '', path };
    if (this.#core.authorizer.allows(user, wanted)) return;
    throw new StatusError(
      403,
      'Forbidden',
      `forbidden: User ${JSON.stringify(user.username)} cannot ${wanted.verb} path ${JSON.stringify(path)}`,
      {},
    );
  }

  #serveDocument(req: IncomingMessage, res: ServerResponse, url: URL): void {
    const path = url.pathname.replace(/\/+$/, '') || '/';
    if (/^\/(healthz|livez|readyz)(\/|$)/.test(path))
      return sendText(res, 200, 'ok', 'text/plain; charset=utf-8');
    if (path.startsWith('/openapi/')) return this.#openApi.serve(req, res, path, url.searchParams);
    const document = this.#document(path, req.headers.accept ?? '');
    if (document === undefined) throw pathNotFound();
    if (document.type !== undefined) sendText(res, 200, `${JSON.stringify(document.value)}\n`, document.type);
    else sendJson(res, 200, document.value);
  }

  #document(path: string, accept: string): { value: Fields; type?: string } | undefined {
    const { registry, authenticator } = this.#core;
    const merged = /g=apidiscovery\.k8s\.io;v=(v2beta1|v2);as=APIGroupDiscoveryList/.exec(accept);
    if ((path === '/api' || path === '/apis') && merged !== null) {
      const version = merged[1] as string;
      const value = aggregated(registry, path === '/api', `apidiscovery.k8s.io/${version}`);
      return { value, type: `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList` };
    }
    if (path === '/api') return { value: coreVersions(this.#address) };
    if (path === '/apis') return { value: groupList(registry) };
    if (path === '/version') return { value: serverVersion };
    if (path === '/') return { value: { paths: this.#paths() } };
    if (path === '/openid/v1/jwks') return { value: authenticator.keySet };
    if (path === '/.well-known/openid-configuration') return { value: openIdConfiguration(this.#address) };
    const [, root, group = '', version] = path.split('/');
    const value =
      root === 'api'
        ? resourceList(registry, '', group)
        : root === 'apis' && version === undefined
          ? groupDocument(registry, group)
          : root === 'apis'
            ? resourceList(registry, group, version as string)
            : undefined;
    return value === undefined || path.split('/').length > 4 ? undefined : { value };
  }

  #paths(): string[] {
    const groups = groupList(this.#core.registry)['groups'] as {
      name: string;
      versions: { groupVersion: string }[];
    }[];
    return [
      '/api',
      '/api/v1',
      '/apis',
      ...groups.flatMap(({ name, versions }) => [
        `/apis/${name}`,
        ...versions.map((one) => `/apis/${one.groupVersion}`),
      ]),
      '/healthz',
      '/livez',
      '/openapi/v2',
      '/openapi/v3',
      '/readyz',
      '/version',
    ];
  }
}

function openIdConfiguration(address: string): Fields {
  return {
    issuer,
    jwks_uri: `https://${address}/openid/v1/jwks`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
  };
}

function bearerOf(req: IncomingMessage): string | undefined {
  const header = req.headers.authorization;
  if (header?.startsWith('Bearer ')) return header.slice(7).trim();
  const protocols = req.headers['sec-websocket-protocol'] ?? '';
  const encoded = /base64url\.bearer\.authorization\.k8s\.io\.([A-Za-z0-9_=-]+)/.exec(protocols)?.[1];
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64url').toString('utf8');
}

/** Query parameters by name; repeated ones joined by commas. */
export function queryOf(params: URLSearchParams): Record<string, string | undefined> {
  const query: Record<string, string | undefined> = {};
  for (const [key, value] of params) query[key] = query[key] === undefined ? value : `${query[key]},${value}`;
  return query;
}
