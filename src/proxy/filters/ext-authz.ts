import { runtimeFraction } from '../../match/fraction.ts';
import { compileListMatcher, type StringTest } from '../../match/string-match.ts';
import { compileMetadataMatcher } from '../../match/value-match.ts';
import type { HttpFilterKind } from '../config/http-filter-kind.ts';
import type { ExtAuthz, ExtAuthzPerRoute } from '../config/messages.ts';
import type { DataResult, FilterEnvironment, HeadStatus, HttpExchange, HttpFilter } from '../http/filter.ts';
import { HeaderMap } from '../http/header-map.ts';
import { ResponseFlag } from '../http/response-flag.ts';
import type { RequestHead, ResponseHead } from '../http/stream.ts';
import { inTurn } from '../network/event-loop.ts';
import { checkOverHttp } from './ext-authz-http.ts';
import { writeCheckRequest } from './ext-authz-request.ts';
import { type HeaderChange, readCheckResponse, type Verdict } from './ext-authz-verdict.ts';
import { callGrpc } from './grpc-call.ts';
import { randomInteger } from './random-integer.ts';

/**
 * `envoy.filters.http.ext_authz`: asks a service, over gRPC or HTTP, whether a request may pass. Statistics: `http.<prefix>.ext_authz.{ok,denied,error,
 * disabled,failure_mode_allowed}`. Every value of a repeated header reaches the service.
 */
export const extAuthz: HttpFilterKind = {
  compile(name, message, env) {
    const rules = new AuthzRules(message as ExtAuthz, env);
    return {
      name,
      create(exchange) {
        const route = exchange.routeConfig(name) as ExtAuthzPerRoute | undefined;
        return route?.disabled ? undefined : new ExtAuthzFilter(rules, route);
      },
    };
  },
  compileRoute: (config) => config,
};

const checkMethod = '/envoy.service.auth.v3.Authorization/Check';

class AuthzRules {
  readonly message: ExtAuthz;
  readonly env: FilterEnvironment;
  readonly sendHeader: StringTest;
  readonly stats: Record<'ok' | 'denied' | 'error' | 'disabled' | 'failureAllowed', { value: number }>;
  readonly #enabledBy: ReturnType<typeof compileMetadataMatcher> | undefined;

  constructor(message: ExtAuthz, env: FilterEnvironment) {
    this.message = message;
    this.env = env;
    const allowed = compileListMatcher(message.allowed_headers);
    const disallowed = compileListMatcher(message.disallowed_headers);
    this.sendHeader = (name) => (allowed === undefined || allowed(name)) && !disallowed?.(name);
    this.#enabledBy =
      message.filter_enabled_metadata && compileMetadataMatcher(message.filter_enabled_metadata);
    const at = `${env.statPrefix}ext_authz.${message.stat_prefix === '' ? '' : `${message.stat_prefix}.`}`;
    const counter = (tail: string) => env.stats.counter(at + tail);
    this.stats = {
      ok: counter('ok'),
      denied: counter('denied'),
      error: counter('error'),
      disabled: counter('disabled'),
      failureAllowed: counter('failure_mode_allowed'),
    };
  }

  applies(exchange: HttpExchange): boolean {
    const { filter_enabled } = this.message;
    if (
      filter_enabled !== undefined &&
      !runtimeFraction(filter_enabled, this.env.runtime, randomInteger(this.env))
    )
      return false;
    return (
      this.#enabledBy === undefined ||
      this.#enabledBy.matches(exchange.info.metadata(this.#enabledBy.namespace))
    );
  }

  /** The verdict; rejects when there is none. */
  async check(
    exchange: HttpExchange,
    route: ExtAuthzPerRoute | undefined,
    body: Buffer | undefined,
  ): Promise<Verdict> {
    const { message, env } = this;
    if (message.http_service !== undefined)
      return checkOverHttp(exchange, message.http_service, message, env, body);
    const service = message.grpc_service;
    if (service === undefined) throw new Error('no service');
    const request = writeCheckRequest(exchange, {
      sendHeader: this.sendHeader,
      contextExtensions: route?.check_settings?.context_extensions ?? {},
      metadataNamespaces: message.metadata_context_namespaces,
      includeCertificate: message.include_peer_certificate,
      includeTlsSession: message.include_tls_session,
      packAsBytes: message.with_request_body?.pack_as_bytes ?? false,
      rawHeaders: message.encode_raw_headers,
      body,
    });
    return readCheckResponse(await callGrpc(env, service, checkMethod, request, service.timeout ?? 200));
  }
}

class ExtAuthzFilter implements HttpFilter {
  readonly #rules: AuthzRules;
  readonly #route: ExtAuthzPerRoute | undefined;
  #buffering = false;
  #asked = false;
  #body: Buffer[] = [];
  #bytes = 0;
  #verdict: Verdict | undefined;

  constructor(rules: AuthzRules, route: ExtAuthzPerRoute | undefined) {
    this.#rules = rules;
    this.#route = route;
  }

  get #settings(): ExtAuthz['with_request_body'] {
    const settings = this.#route?.check_settings;
    if (settings?.disable_request_body_buffering) return undefined;
    return settings?.with_request_body ?? this.#rules.message.with_request_body;
  }

  onRequestHead(exchange: HttpExchange, head: RequestHead, end: boolean): HeadStatus {
    const { message, stats } = this.#rules;
    if (!this.#rules.applies(exchange)) {
      if (message.deny_at_disable?.default_value) {
        exchange.localReply({
          status: 403,
          details: 'ext_authz_denied',
          flags: ResponseFlag.unauthorizedExternalService,
        });
        return 'stop';
      }
      stats.disabled.value++;
      return 'continue';
    }
    this.#buffering =
      !end && this.#settings !== undefined && head.protocol === undefined && head.method !== 'CONNECT';
    if (!this.#buffering) this.#ask(exchange);
    return 'stop';
  }

  onRequestData(exchange: HttpExchange, chunk: Buffer, end: boolean): DataResult {
    const settings = this.#settings;
    if (!this.#buffering || settings === undefined || this.#asked)
      return this.#verdict === undefined ? 'watermark' : chunk;
    this.#body.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes > settings.max_request_bytes && !settings.allow_partial_message) {
      exchange.localReply({ status: 413, body: 'Payload Too Large', details: 'request_payload_too_large' });
      return 'watermark';
    }
    if (end || this.#bytes >= settings.max_request_bytes) this.#ask(exchange);
    return 'watermark';
  }

  onRequestTrailers(exchange: HttpExchange): HeadStatus {
    if (this.#buffering && !this.#asked) this.#ask(exchange);
    return this.#verdict === undefined ? 'stop' : 'continue';
  }

  #ask(exchange: HttpExchange): void {
    this.#asked = true;
    const limit = this.#settings?.max_request_bytes ?? 0;
    const body = this.#settings === undefined ? undefined : Buffer.concat(this.#body).subarray(0, limit);
    this.#rules.check(exchange, this.#route, body).then(
      (verdict) => inTurn(() => this.#decide(exchange, verdict)),
      () => inTurn(() => this.#fail(exchange)),
    );
  }

  #decide(exchange: HttpExchange, verdict: Verdict): void {
    if (exchange.over) return;
    this.#verdict = verdict;
    const { stats, message } = this.#rules;
    if (verdict.metadata !== undefined && message.enable_dynamic_metadata_ingestion)
      exchange.info.setMetadata('envoy.filters.http.ext_authz', verdict.metadata);
    if (verdict.kind === 'denied') {
      stats.denied.value++;
      const headers = new HeaderMap();
      for (const change of verdict.headers) apply(headers, change);
      return exchange.localReply({
        status: verdict.status,
        body: verdict.body,
        headers: headers.fields,
        details: 'ext_authz_denied',
        flags: ResponseFlag.unauthorizedExternalService,
      });
    }
    stats.ok.value++;
    const { request } = exchange;
    for (const name of verdict.headersToRemove)
      if (!name.startsWith(':') && name !== 'host') request.headers.remove(name);
    for (const change of verdict.headers) applyToRequest(request, change);
    if (message.clear_route_cache && (verdict.headers.length > 0 || verdict.headersToRemove.length > 0))
      exchange.clearRouteCache();
    exchange.continueRequest();
  }

  #fail(exchange: HttpExchange): void {
    if (exchange.over) return;
    const { stats, message } = this.#rules;
    stats.error.value++;
    if (message.failure_mode_allow) {
      stats.failureAllowed.value++;
      this.#verdict = allowed;
      if (message.failure_mode_allow_header_add)
        exchange.request.headers.set('x-envoy-auth-failure-mode-allowed', 'true');
      return exchange.continueRequest();
    }
    exchange.localReply({
      status: message.status_on_error?.code ?? 403,
      details: 'ext_authz_error',
      flags: ResponseFlag.unauthorizedExternalService,
    });
  }

  onResponseHead(_exchange: HttpExchange, head: ResponseHead): HeadStatus {
    for (const change of this.#verdict?.responseHeaders ?? []) apply(head.headers, change);
    return 'continue';
  }
}

const allowed: Verdict = {
  kind: 'ok',
  status: 200,
  body: '',
  headers: [],
  headersToRemove: [],
  responseHeaders: [],
  metadata: undefined,
};

function apply(headers: HeaderMap, { name, value, append }: HeaderChange): void {
  if (append) headers.add(name, value);
  else headers.set(name, value);
}

function applyToRequest(head: RequestHead, change: HeaderChange): void {
  if (change.name === ':path') head.path = change.value;
  else if (change.name === ':authority' || change.name === 'host') head.authority = change.value;
  else if (change.name === ':method') head.method = change.value;
  else if (!change.name.startsWith(':')) apply(head.headers, change);
}
