import { compileMetadataMatcher } from '../../match/value-match.ts';
import type { NetworkExtAuthz } from '../config/messages.ts';
import { readCheckResponse } from '../filters/ext-authz-verdict.ts';
import { callGrpc } from '../filters/grpc-call.ts';
import { ProtoWriter } from '../filters/protobuf.ts';
import type { FilterEnvironment } from '../http/filter.ts';
import type { DownstreamInfo } from '../network/downstream.ts';
import { inTurn } from '../network/event-loop.ts';
import type { DownstreamConnection, NetworkFilter, NetworkFilterFactory } from '../network/network-filter.ts';

const checkMethod = '/envoy.service.auth.v3.Authorization/Check';

/**
 * `envoy.filters.network.ext_authz`: asks a gRPC service whether a connection may go on, at its first bytes. Statistics:
 * `ext_authz.<stat_prefix>.{total,ok,denied,error,failure_mode_allowed,cx_closed,active,disabled}`.
 */
export function networkExtAuthz(
  name: string,
  config: NetworkExtAuthz,
  env: FilterEnvironment,
): NetworkFilterFactory {
  const enabledBy = config.filter_enabled_metadata && compileMetadataMatcher(config.filter_enabled_metadata);
  const at = `ext_authz.${config.stat_prefix}.`;
  const stat = (tail: string) => env.stats.counter(at + tail);
  const stats = {
    total: stat('total'),
    ok: stat('ok'),
    denied: stat('denied'),
    error: stat('error'),
    allowed: stat('failure_mode_allowed'),
    closed: stat('cx_closed'),
    disabled: stat('disabled'),
    active: env.stats.gauge(`${at}active`),
  };
  return {
    name,
    create: () =>
      new NetworkExtAuthzFilter(
        config,
        env,
        stats,
        (info) => enabledBy?.matches(info.metadata.get(enabledBy.namespace)) ?? true,
      ),
  };
}

type Stats = Record<
  'total' | 'ok' | 'denied' | 'error' | 'allowed' | 'closed' | 'disabled' | 'active',
  { value: number }
>;

class NetworkExtAuthzFilter implements NetworkFilter {
  readonly #config: NetworkExtAuthz;
  readonly #env: FilterEnvironment;
  readonly #stats: Stats;
  readonly #applies: (info: DownstreamInfo) => boolean;
  #state: 'new' | 'asking' | 'passed' = 'new';

  constructor(
    config: NetworkExtAuthz,
    env: FilterEnvironment,
    stats: Stats,
    applies: (info: DownstreamInfo) => boolean,
  ) {
    this.#config = config;
    this.#env = env;
    this.#stats = stats;
    this.#applies = applies;
  }

  onData(connection: DownstreamConnection): 'continue' | 'stop' {
    if (this.#state === 'passed') return 'continue';
    if (this.#state === 'asking') return 'stop';
    if (!this.#applies(connection.info)) {
      this.#stats.disabled.value++;
      this.#state = 'passed';
      return 'continue';
    }
    this.#state = 'asking';
    void this.#ask(connection);
    return 'stop';
  }

  async #ask(connection: DownstreamConnection): Promise<void> {
    const service = this.#config.grpc_service;
    this.#stats.total.value++;
    this.#stats.active.value++;
    let allowed: boolean | undefined;
    try {
      if (service === undefined) throw new Error('no service');
      const answer = await callGrpc(
        this.#env,
        service,
        checkMethod,
        checkRequest(connection.info, this.#config),
        service.timeout ?? 200,
      );
      allowed = readCheckResponse(answer).kind === 'ok';
    } catch {
      allowed = undefined;
    }
    this.#stats.active.value--;
    inTurn(() => this.#decide(connection, allowed));
  }

  #decide(connection: DownstreamConnection, allowed: boolean | undefined): void {
    if (connection.closed) return;
    const stats = this.#stats;
    if (allowed === undefined) stats.error.value++;
    else (allowed ? stats.ok : stats.denied).value++;
    const failOpen = allowed === undefined && this.#config.failure_mode_allow;
    if (failOpen) stats.allowed.value++;
    if (!allowed && !failOpen) {
      stats.closed.value++;
      return connection.close(allowed === undefined ? 'ext_authz_error' : 'ext_authz_denied');
    }
    this.#state = 'passed';
    connection.continueReading();
  }
}

function checkRequest(info: DownstreamInfo, config: NetworkExtAuthz): Buffer {
  const peer = (
    writer: ProtoWriter,
    address: { readonly ip: string; readonly port: number },
    principal: string,
  ) => {
    writer.message(1, (a) => a.message(1, (socket) => socket.string(2, address.ip).uint(3, address.port)));
    writer.string(4, principal);
  };
  const { tls } = info;
  return new ProtoWriter()
    .message(1, (attributes) => {
      attributes.message(1, (source) => {
        peer(source, info.remote, tls?.uriSanPeer[0] ?? tls?.dnsSanPeer[0] ?? tls?.subjectPeer ?? '');
        if (config.include_peer_certificate && tls !== undefined) source.string(5, tls.certificatePeer);
      });
      attributes.message(2, (destination) =>
        peer(destination, info.local, tls?.uriSanLocal[0] ?? tls?.dnsSanLocal[0] ?? ''),
      );
      if (config.include_tls_session)
        attributes.message(12, (session) => session.string(1, info.requestedServerName));
    })
    .finish();
}
