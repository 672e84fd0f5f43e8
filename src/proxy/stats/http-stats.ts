import type { Histogram } from './histogram.ts';
import type { FieldTable, StatsScope } from './store.ts';

/** A connection manager's statistics (`http.<stat_prefix>.`). */
export class HttpStats {
  cxTotal = 0;
  cxActive = 0;
  cxHttp1Total = 0;
  cxHttp1Active = 0;
  cxHttp2Total = 0;
  cxHttp2Active = 0;
  cxSslTotal = 0;
  cxSslActive = 0;
  cxUpgradesTotal = 0;
  cxUpgradesActive = 0;
  cxProtocolError = 0;
  cxDestroy = 0;
  cxDestroyLocal = 0;
  cxDestroyRemote = 0;
  cxDestroyActiveRq = 0;
  cxDestroyLocalActiveRq = 0;
  cxDestroyRemoteActiveRq = 0;
  cxRxBytes = 0;
  cxTxBytes = 0;
  cxDrainClose = 0;
  cxIdleTimeout = 0;
  cxMaxDuration = 0;
  cxMaxRequests = 0;
  cxOverloadDisableKeepalive = 0;
  rqTotal = 0;
  rqHttp1Total = 0;
  rqHttp2Total = 0;
  rqActive = 0;
  rqRxReset = 0;
  rqTxReset = 0;
  rqNonRelativePath = 0;
  rqTooLarge = 0;
  rqFailedPathNormalization = 0;
  rqOverloadClose = 0;
  rqHeaderTimeout = 0;
  rqIdleTimeout = 0;
  rqTimeout = 0;
  rqMaxDuration = 0;
  rqWsOnNonWsRoute = 0;
  rqRejectedViaIpDetection = 0;
  rqRedirectedNormalizedPath = 0;
  rqCompleted = 0;
  rq1xx = 0;
  rq2xx = 0;
  rq3xx = 0;
  rq4xx = 0;
  rq5xx = 0;
  rsTooLarge = 0;
  noRoute = 0;
  noCluster = 0;
  rqRedirect = 0;
  rqDirectResponse = 0;
  rqRouted = 0;
  rqRetrySkippedRequestNotComplete = 0;
  rqResetAfterResponseStarted = 0;
  readonly requestMs: Histogram;
  readonly connectionLengthMs: Histogram;

  constructor(scope: StatsScope) {
    this.requestMs = scope.histogram('downstream_rq_time');
    this.connectionLengthMs = scope.histogram('downstream_cx_length_ms');
    scope.addRecord(httpTable, this);
  }

  countStatus(status: number): void {
    this.rqCompleted++;
    if (status < 300 && status >= 200) this.rq2xx++;
    else if (status < 200) this.rq1xx++;
    else if (status < 400) this.rq3xx++;
    else if (status < 500) this.rq4xx++;
    else this.rq5xx++;
  }
}

const httpTable: FieldTable = [
  ['cxTotal', 'downstream_cx_total', 'counter'],
  ['cxActive', 'downstream_cx_active', 'gauge'],
  ['cxHttp1Total', 'downstream_cx_http1_total', 'counter'],
  ['cxHttp1Active', 'downstream_cx_http1_active', 'gauge'],
  ['cxHttp2Total', 'downstream_cx_http2_total', 'counter'],
  ['cxHttp2Active', 'downstream_cx_http2_active', 'gauge'],
  ['cxSslTotal', 'downstream_cx_ssl_total', 'counter'],
  ['cxSslActive', 'downstream_cx_ssl_active', 'gauge'],
  ['cxUpgradesTotal', 'downstream_cx_upgrades_total', 'counter'],
  ['cxUpgradesActive', 'downstream_cx_upgrades_active', 'gauge'],
  ['cxProtocolError', 'downstream_cx_protocol_error', 'counter'],
  ['cxDestroy', 'downstream_cx_destroy', 'counter'],
  ['cxDestroyLocal', 'downstream_cx_destroy_local', 'counter'],
  ['cxDestroyRemote', 'downstream_cx_destroy_remote', 'counter'],
  ['cxDestroyActiveRq', 'downstream_cx_destroy_active_rq', 'counter'],
  ['cxDestroyLocalActiveRq', 'downstream_cx_destroy_local_active_rq', 'counter'],
  ['cxDestroyRemoteActiveRq', 'downstream_cx_destroy_remote_active_rq', 'counter'],
  ['cxRxBytes', 'downstream_cx_rx_bytes_total', 'counter'],
  ['cxTxBytes', 'downstream_cx_tx_bytes_total', 'counter'],
  ['cxDrainClose', 'downstream_cx_drain_close', 'counter'],
  ['cxIdleTimeout', 'downstream_cx_idle_timeout', 'counter'],
  ['cxMaxDuration', 'downstream_cx_max_duration_reached', 'counter'],
  ['cxMaxRequests', 'downstream_cx_max_requests_reached', 'counter'],
  ['cxOverloadDisableKeepalive', 'downstream_cx_overload_disable_keepalive', 'counter'],
  ['rqTotal', 'downstream_rq_total', 'counter'],
  ['rqHttp1Total', 'downstream_rq_http1_total', 'counter'],
  ['rqHttp2Total', 'downstream_rq_http2_total', 'counter'],
  ['rqActive', 'downstream_rq_active', 'gauge'],
  ['rqRxReset', 'downstream_rq_rx_reset', 'counter'],
  ['rqTxReset', 'downstream_rq_tx_reset', 'counter'],
  ['rqNonRelativePath', 'downstream_rq_non_relative_path', 'counter'],
  ['rqTooLarge', 'downstream_rq_too_large', 'counter'],
  ['rqFailedPathNormalization', 'downstream_rq_failed_path_normalization', 'counter'],
  ['rqOverloadClose', 'downstream_rq_overload_close', 'counter'],
  ['rqHeaderTimeout', 'downstream_rq_header_timeout', 'counter'],
  ['rqIdleTimeout', 'downstream_rq_idle_timeout', 'counter'],
  ['rqTimeout', 'downstream_rq_timeout', 'counter'],
  ['rqMaxDuration', 'downstream_rq_max_duration_reached', 'counter'],
  ['rqWsOnNonWsRoute', 'downstream_rq_ws_on_non_ws_route', 'counter'],
  ['rqRejectedViaIpDetection', 'downstream_rq_rejected_via_ip_detection', 'counter'],
  ['rqRedirectedNormalizedPath', 'downstream_rq_redirected_with_normalized_path', 'counter'],
  ['rqCompleted', 'downstream_rq_completed', 'counter'],
  ['rq1xx', 'downstream_rq_1xx', 'counter'],
  ['rq2xx', 'downstream_rq_2xx', 'counter'],
  ['rq3xx', 'downstream_rq_3xx', 'counter'],
  ['rq4xx', 'downstream_rq_4xx', 'counter'],
  ['rq5xx', 'downstream_rq_5xx', 'counter'],
  ['rsTooLarge', 'rs_too_large', 'counter'],
  ['noRoute', 'no_route', 'counter'],
  ['noCluster', 'no_cluster', 'counter'],
  ['rqRedirect', 'rq_redirect', 'counter'],
  ['rqDirectResponse', 'rq_direct_response', 'counter'],
  ['rqRouted', 'rq_total', 'counter'],
  ['rqRetrySkippedRequestNotComplete', 'rq_retry_skipped_request_not_complete', 'counter'],
  ['rqResetAfterResponseStarted', 'rq_reset_after_downstream_response_started', 'counter'],
];
