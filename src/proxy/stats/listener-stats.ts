import type { Histogram } from './histogram.ts';
import type { FieldTable, StatsScope } from './store.ts';

/** A listener's statistics (`listener.<address>.`). */
export class ListenerStats {
  cxTotal = 0;
  cxActive = 0;
  cxDestroy = 0;
  preCxTimeout = 0;
  preCxActive = 0;
  transportSocketConnectTimeout = 0;
  cxOverflow = 0;
  globalCxOverflow = 0;
  overloadReject = 0;
  noFilterChainMatch = 0;
  listenerFilterError = 0;
  listenerFilterRemoteClose = 0;
  handshakes = 0;
  connectionErrors = 0;
  readonly connectionLengthMs: Histogram;

  constructor(scope: StatsScope) {
    this.connectionLengthMs = scope.histogram('downstream_cx_length_ms');
    scope.addRecord(listenerTable, this);
  }
}

const listenerTable: FieldTable = [
  ['cxTotal', 'downstream_cx_total', 'counter'],
  ['cxActive', 'downstream_cx_active', 'gauge'],
  ['cxDestroy', 'downstream_cx_destroy', 'counter'],
  ['preCxTimeout', 'downstream_pre_cx_timeout', 'counter'],
  ['preCxActive', 'downstream_pre_cx_active', 'gauge'],
  ['transportSocketConnectTimeout', 'downstream_cx_transport_socket_connect_timeout', 'counter'],
  ['cxOverflow', 'downstream_cx_overflow', 'counter'],
  ['globalCxOverflow', 'downstream_global_cx_overflow', 'counter'],
  ['overloadReject', 'downstream_cx_overload_reject', 'counter'],
  ['noFilterChainMatch', 'no_filter_chain_match', 'counter'],
  ['listenerFilterError', 'downstream_listener_filter_error', 'counter'],
  ['listenerFilterRemoteClose', 'downstream_listener_filter_remote_close', 'counter'],
  ['handshakes', 'ssl.handshake', 'counter'],
  ['connectionErrors', 'ssl.connection_error', 'counter'],
];
