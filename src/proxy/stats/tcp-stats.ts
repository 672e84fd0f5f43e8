import type { FieldTable, StatsScope } from './store.ts';

/** A TCP proxy's statistics (`tcp.<stat_prefix>.`). */
export class TcpStats {
  cxTotal = 0;
  noRoute = 0;
  txBytes = 0;
  rxBytes = 0;
  pausedReading = 0;
  resumedReading = 0;
  idleTimeout = 0;
  maxDuration = 0;

  constructor(scope: StatsScope) {
    scope.addRecord(tcpTable, this);
  }
}

const tcpTable: FieldTable = [
  ['cxTotal', 'downstream_cx_total', 'counter'],
  ['noRoute', 'downstream_cx_no_route', 'counter'],
  ['txBytes', 'downstream_cx_tx_bytes_total', 'counter'],
  ['rxBytes', 'downstream_cx_rx_bytes_total', 'counter'],
  ['pausedReading', 'downstream_flow_control_paused_reading_total', 'counter'],
  ['resumedReading', 'downstream_flow_control_resumed_reading_total', 'counter'],
  ['idleTimeout', 'idle_timeout', 'counter'],
  ['maxDuration', 'max_downstream_connection_duration', 'counter'],
];
