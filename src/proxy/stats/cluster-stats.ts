import type { Histogram } from './histogram.ts';
import type { Cell, FieldTable, StatsScope } from './store.ts';

/** A cluster's hot statistics as plain fields. */
export class ClusterStats {
  cxTotal = 0;
  cxActive = 0;
  cxHttp1Total = 0;
  cxHttp2Total = 0;
  cxConnectFail = 0;
  cxConnectTimeout = 0;
  cxConnectAttemptsExceeded = 0;
  cxOverflow = 0;
  cxPoolOverflow = 0;
  cxDestroy = 0;
  cxDestroyLocal = 0;
  cxDestroyRemote = 0;
  cxDestroyWithActiveRq = 0;
  cxDestroyLocalWithActiveRq = 0;
  cxDestroyRemoteWithActiveRq = 0;
  cxCloseNotify = 0;
  cxRxBytes = 0;
  cxRxBuffered = 0;
  cxTxBytes = 0;
  cxTxBuffered = 0;
  cxProtocolError = 0;
  cxMaxRequests = 0;
  cxMaxDuration = 0;
  cxIdleTimeout = 0;
  cxNoneHealthy = 0;
  rqTotal = 0;
  rqActive = 0;
  rqCompleted = 0;
  rqPendingTotal = 0;
  rqPendingActive = 0;
  rqPendingOverflow = 0;
  rqPendingFailureEject = 0;
  rqCancelled = 0;
  rqMaintenance = 0;
  rqTimeout = 0;
  rqMaxDuration = 0;
  rqPerTryTimeout = 0;
  rqPerTryIdleTimeout = 0;
  rqRxReset = 0;
  rqTxReset = 0;
  rqRetry = 0;
  rqRetrySuccess = 0;
  rqRetryOverflow = 0;
  rqRetryLimitExceeded = 0;
  rqRetryBackoffExponential = 0;
  rqRetryBackoffRatelimited = 0;
  flowControlPausedReading = 0;
  flowControlResumedReading = 0;
  flowControlBackedUp = 0;
  flowControlDrained = 0;
  internalRedirectSucceeded = 0;
  internalRedirectFailed = 0;
  rq1xx = 0;
  rq2xx = 0;
  rq3xx = 0;
  rq4xx = 0;
  rq5xx = 0;
  bindErrors = 0;
  assignmentStale = 0;
  membershipChange = 0;
  membershipTotal = 0;
  membershipHealthy = 0;
  membershipDegraded = 0;
  membershipExcluded = 0;
  maxHostWeight = 0;
  updateAttempt = 0;
  updateSuccess = 0;
  updateFailure = 0;
  updateEmpty = 0;
  updateNoRebuild = 0;
  cbDefaultCxOpen = 0;
  cbDefaultRqOpen = 0;
  cbDefaultRqPendingOpen = 0;
  cbDefaultRqRetryOpen = 0;
  cbHighCxOpen = 0;
  cbHighRqOpen = 0;
  cbHighRqPendingOpen = 0;
  cbHighRqRetryOpen = 0;

  readonly connectMs: Histogram;
  readonly connectionLengthMs: Histogram;
  readonly requestMs: Histogram;
  readonly #scope: StatsScope;
  readonly #codes = new Map<number, Cell>();

  constructor(scope: StatsScope) {
    this.#scope = scope;
    this.connectMs = scope.histogram('upstream_cx_connect_ms');
    this.connectionLengthMs = scope.histogram('upstream_cx_length_ms');
    this.requestMs = scope.histogram('upstream_rq_time');
    scope.addRecord(clusterTable, this);
  }

  /** Counts a response by status and class. */
  countStatus(status: number): void {
    if (status < 300 && status >= 200) this.rq2xx++;
    else if (status < 200) this.rq1xx++;
    else if (status < 400) this.rq3xx++;
    else if (status < 500) this.rq4xx++;
    else this.rq5xx++;
    let code = this.#codes.get(status);
    if (code === undefined) {
      code = this.#scope.counter(`upstream_rq_${status}`);
      this.#codes.set(status, code);
    }
    code.value++;
    this.rqCompleted++;
  }
}

const clusterTable: FieldTable = [
  ['cxTotal', 'upstream_cx_total', 'counter'],
  ['cxActive', 'upstream_cx_active', 'gauge'],
  ['cxHttp1Total', 'upstream_cx_http1_total', 'counter'],
  ['cxHttp2Total', 'upstream_cx_http2_total', 'counter'],
  ['cxConnectFail', 'upstream_cx_connect_fail', 'counter'],
  ['cxConnectTimeout', 'upstream_cx_connect_timeout', 'counter'],
  ['cxConnectAttemptsExceeded', 'upstream_cx_connect_attempts_exceeded', 'counter'],
  ['cxOverflow', 'upstream_cx_overflow', 'counter'],
  ['cxPoolOverflow', 'upstream_cx_pool_overflow', 'counter'],
  ['cxDestroy', 'upstream_cx_destroy', 'counter'],
  ['cxDestroyLocal', 'upstream_cx_destroy_local', 'counter'],
  ['cxDestroyRemote', 'upstream_cx_destroy_remote', 'counter'],
  ['cxDestroyWithActiveRq', 'upstream_cx_destroy_with_active_rq', 'counter'],
  ['cxDestroyLocalWithActiveRq', 'upstream_cx_destroy_local_with_active_rq', 'counter'],
  ['cxDestroyRemoteWithActiveRq', 'upstream_cx_destroy_remote_with_active_rq', 'counter'],
  ['cxCloseNotify', 'upstream_cx_close_notify', 'counter'],
  ['cxRxBytes', 'upstream_cx_rx_bytes_total', 'counter'],
  ['cxRxBuffered', 'upstream_cx_rx_bytes_buffered', 'gauge'],
  ['cxTxBytes', 'upstream_cx_tx_bytes_total', 'counter'],
  ['cxTxBuffered', 'upstream_cx_tx_bytes_buffered', 'gauge'],
  ['cxProtocolError', 'upstream_cx_protocol_error', 'counter'],
  ['cxMaxRequests', 'upstream_cx_max_requests', 'counter'],
  ['cxMaxDuration', 'upstream_cx_max_duration_reached', 'counter'],
  ['cxIdleTimeout', 'upstream_cx_idle_timeout', 'counter'],
  ['cxNoneHealthy', 'upstream_cx_none_healthy', 'counter'],
  ['rqTotal', 'upstream_rq_total', 'counter'],
  ['rqActive', 'upstream_rq_active', 'gauge'],
  ['rqCompleted', 'upstream_rq_completed', 'counter'],
  ['rqPendingTotal', 'upstream_rq_pending_total', 'counter'],
  ['rqPendingActive', 'upstream_rq_pending_active', 'gauge'],
  ['rqPendingOverflow', 'upstream_rq_pending_overflow', 'counter'],
  ['rqPendingFailureEject', 'upstream_rq_pending_failure_eject', 'counter'],
  ['rqCancelled', 'upstream_rq_cancelled', 'counter'],
  ['rqMaintenance', 'upstream_rq_maintenance_mode', 'counter'],
  ['rqTimeout', 'upstream_rq_timeout', 'counter'],
  ['rqMaxDuration', 'upstream_rq_max_duration_reached', 'counter'],
  ['rqPerTryTimeout', 'upstream_rq_per_try_timeout', 'counter'],
  ['rqPerTryIdleTimeout', 'upstream_rq_per_try_idle_timeout', 'counter'],
  ['rqRxReset', 'upstream_rq_rx_reset', 'counter'],
  ['rqTxReset', 'upstream_rq_tx_reset', 'counter'],
  ['rqRetry', 'upstream_rq_retry', 'counter'],
  ['rqRetrySuccess', 'upstream_rq_retry_success', 'counter'],
  ['rqRetryOverflow', 'upstream_rq_retry_overflow', 'counter'],
  ['rqRetryLimitExceeded', 'upstream_rq_retry_limit_exceeded', 'counter'],
  ['rqRetryBackoffExponential', 'upstream_rq_retry_backoff_exponential', 'counter'],
  ['rqRetryBackoffRatelimited', 'upstream_rq_retry_backoff_ratelimited', 'counter'],
  ['flowControlPausedReading', 'upstream_flow_control_paused_reading_total', 'counter'],
  ['flowControlResumedReading', 'upstream_flow_control_resumed_reading_total', 'counter'],
  ['flowControlBackedUp', 'upstream_flow_control_backed_up_total', 'counter'],
  ['flowControlDrained', 'upstream_flow_control_drained_total', 'counter'],
  ['internalRedirectSucceeded', 'upstream_internal_redirect_succeeded_total', 'counter'],
  ['internalRedirectFailed', 'upstream_internal_redirect_failed_total', 'counter'],
  ['rq1xx', 'upstream_rq_1xx', 'counter'],
  ['rq2xx', 'upstream_rq_2xx', 'counter'],
  ['rq3xx', 'upstream_rq_3xx', 'counter'],
  ['rq4xx', 'upstream_rq_4xx', 'counter'],
  ['rq5xx', 'upstream_rq_5xx', 'counter'],
  ['bindErrors', 'bind_errors', 'counter'],
  ['assignmentStale', 'assignment_stale', 'counter'],
  ['membershipChange', 'membership_change', 'counter'],
  ['membershipTotal', 'membership_total', 'gauge'],
  ['membershipHealthy', 'membership_healthy', 'gauge'],
  ['membershipDegraded', 'membership_degraded', 'gauge'],
  ['membershipExcluded', 'membership_excluded', 'gauge'],
  ['maxHostWeight', 'max_host_weight', 'gauge'],
  ['updateAttempt', 'update_attempt', 'counter'],
  ['updateSuccess', 'update_success', 'counter'],
  ['updateFailure', 'update_failure', 'counter'],
  ['updateEmpty', 'update_empty', 'counter'],
  ['updateNoRebuild', 'update_no_rebuild', 'counter'],
  ['cbDefaultCxOpen', 'circuit_breakers.default.cx_open', 'gauge'],
  ['cbDefaultRqOpen', 'circuit_breakers.default.rq_open', 'gauge'],
  ['cbDefaultRqPendingOpen', 'circuit_breakers.default.rq_pending_open', 'gauge'],
  ['cbDefaultRqRetryOpen', 'circuit_breakers.default.rq_retry_open', 'gauge'],
  ['cbHighCxOpen', 'circuit_breakers.high.cx_open', 'gauge'],
  ['cbHighRqOpen', 'circuit_breakers.high.rq_open', 'gauge'],
  ['cbHighRqPendingOpen', 'circuit_breakers.high.rq_pending_open', 'gauge'],
  ['cbHighRqRetryOpen', 'circuit_breakers.high.rq_retry_open', 'gauge'],
];
