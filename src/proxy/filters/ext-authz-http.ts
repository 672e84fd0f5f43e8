import { compileListMatcher } from '../../match/string-match.ts';
import type { ExtAuthz } from '../config/messages.ts';
import type { FilterEnvironment, HttpExchange } from '../http/filter.ts';
import { HeaderMap } from '../http/header-map.ts';
import type { HeaderChange, Verdict } from './ext-authz-verdict.ts';

type HttpService = NonNullable<ExtAuthz['http_service']>;

interface Matchers {
  readonly send: ((name: string) => boolean) | undefined;
  readonly upstream: ((name: string) => boolean) | undefined;
  readonly append: ((name: string) => boolean) | undefined;
  readonly client: ((name: string) => boolean) | undefined;
  readonly clientOnSuccess: ((name: string) => boolean) | undefined;
}

const compiled = new WeakMap<HttpService, Matchers>();

function matchersOf(service: HttpService, message: ExtAuthz): Matchers {
  let found = compiled.get(service);
  if (found === undefined) {
    const response = service.authorization_response;
    found = {
      send: compileListMatcher(message.allowed_headers ?? service.authorization_request?.allowed_headers),
      upstream: compileListMatcher(response?.allowed_upstream_headers),
      append: compileListMatcher(response?.allowed_upstream_headers_to_append),
      client: compileListMatcher(response?.allowed_client_headers),
      clientOnSuccess: compileListMatcher(response?.allowed_client_headers_on_success),
    };
    compiled.set(service, found);
  }
  return found;
}

/** Headers the client always gets from a denial. */
const alwaysToClient = new Set(['location', 'www-authenticate', 'proxy-authenticate', 'content-type']);
const hopByHop = new Set([
  'connection',
  'transfer-encoding',
  'content-length',
  'keep-alive',
  'upgrade',
  'te',
  'host',
]);

/** Asks an HTTP authorization service: 2xx allows, 5xx is an error, everything else is the denial. */
export async function checkOverHttp(
  exchange: HttpExchange,
  service: HttpService,
  message: ExtAuthz,
  env: FilterEnvironment,
  body: Buffer | undefined,
): Promise<Verdict> {
  const uri = service.server_uri;
  if (uri === undefined) throw new Error('no server_uri');
  const matchers = matchersOf(service, message);
  const { request } = exchange;
  const headers = new HeaderMap();
  for (let i = 0; i < request.headers.fields.length; i += 2) {
    const name = request.headers.fields[i] as string;
    if (hopByHop.has(name) || headers.has(name)) continue;
    // Repeated fields go as one, so that the service sees every value.
    if (name === 'authorization' || matchers.send?.(name))
      headers.add(name, request.headers.getJoined(name) as string);
  }
  headers.set('x-envoy-internal', 'true');
  headers.set('x-envoy-expected-rq-timeout-ms', String(uri.timeout));
  headers.set('content-length', String(body?.length ?? 0));
  for (const { key, value } of service.authorization_request?.headers_to_add ?? [])
    headers.set(key.toLowerCase(), value);
  const head = {
    method: request.method,
    scheme: request.scheme,
    authority: request.authority,
    path: service.path_prefix + request.path,
    headers,
    httpVersion: 11,
  } as const;
  const response = await env.calls.send(uri.cluster ?? '', head, body, { timeoutMs: uri.timeout });
  if (response.status >= 500) throw new Error(`status ${response.status}`);
  const fields: [string, string][] = [];
  for (let i = 0; i < response.headers.fields.length; i += 2)
    fields.push([response.headers.fields[i] as string, response.headers.fields[i + 1] as string]);
  const pick = (test: ((name: string) => boolean) | undefined, append: boolean): HeaderChange[] =>
    test === undefined
      ? []
      : fields
          .filter(([name]) => !hopByHop.has(name) && test(name))
          .map(([name, value]) => ({ name, value, append }));
  const none = { headersToRemove: [], metadata: undefined };
  if (response.status >= 200 && response.status < 300) {
    const changes = [...pick(matchers.upstream, false), ...pick(matchers.append, true)];
    return {
      kind: 'ok',
      status: 200,
      body: '',
      headers: changes,
      responseHeaders: pick(matchers.clientOnSuccess, true),
      ...none,
    };
  }
  const client = matchers.client;
  const toClient = pick(
    client === undefined ? () => true : (name) => client(name) || alwaysToClient.has(name),
    true,
  );
  return {
    kind: 'denied',
    status: response.status,
    body: response.body.toString('latin1'),
    headers: toClient,
    responseHeaders: [],
    ...none,
  };
}
