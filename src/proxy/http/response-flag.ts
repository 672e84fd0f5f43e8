/** Envoy's response flags as bits, with their short (%RESPONSE_FLAGS%) and long names, in Envoy's printing order. */
export const ResponseFlag = {
  failedLocalHealthCheck: 1 << 0,
  noHealthyUpstream: 1 << 1,
  upstreamRequestTimeout: 1 << 2,
  localReset: 1 << 3,
  upstreamRemoteReset: 1 << 4,
  upstreamConnectionFailure: 1 << 5,
  upstreamConnectionTermination: 1 << 6,
  upstreamOverflow: 1 << 7,
  noRouteFound: 1 << 8,
  delayInjected: 1 << 9,
  faultInjected: 1 << 10,
  rateLimited: 1 << 11,
  unauthorizedExternalService: 1 << 12,
  rateLimitServiceError: 1 << 13,
  downstreamConnectionTermination: 1 << 14,
  upstreamRetryLimitExceeded: 1 << 15,
  streamIdleTimeout: 1 << 16,
  invalidEnvoyRequestHeaders: 1 << 17,
  downstreamProtocolError: 1 << 18,
  upstreamMaxStreamDurationReached: 1 << 19,
  responseFromCacheFilter: 1 << 20,
  noFilterConfigFound: 1 << 21,
  durationTimeout: 1 << 22,
  upstreamProtocolError: 1 << 23,
  noClusterFound: 1 << 24,
  overloadManagerTerminated: 1 << 25,
  dnsResolutionFailed: 1 << 26,
  dropOverload: 1 << 27,
  downstreamRemoteReset: 1 << 28,
} as const;

const names: readonly (readonly [bit: number, short: string, long: string])[] = [
  [ResponseFlag.failedLocalHealthCheck, 'LH', 'FailedLocalHealthCheck'],
  [ResponseFlag.noHealthyUpstream, 'UH', 'NoHealthyUpstream'],
  // Envoy prints flags as they were raised, and that retries ran out is found before the last failure is noted.
  [ResponseFlag.upstreamRetryLimitExceeded, 'URX', 'UpstreamRetryLimitExceeded'],
  [ResponseFlag.upstreamRequestTimeout, 'UT', 'UpstreamRequestTimeout'],
  [ResponseFlag.localReset, 'LR', 'LocalReset'],
  [ResponseFlag.upstreamRemoteReset, 'UR', 'UpstreamRemoteReset'],
  [ResponseFlag.upstreamConnectionFailure, 'UF', 'UpstreamConnectionFailure'],
  [ResponseFlag.upstreamConnectionTermination, 'UC', 'UpstreamConnectionTermination'],
  [ResponseFlag.upstreamOverflow, 'UO', 'UpstreamOverflow'],
  [ResponseFlag.noRouteFound, 'NR', 'NoRouteFound'],
  [ResponseFlag.delayInjected, 'DI', 'DelayInjected'],
  [ResponseFlag.faultInjected, 'FI', 'FaultInjected'],
  [ResponseFlag.rateLimited, 'RL', 'RateLimited'],
  [ResponseFlag.unauthorizedExternalService, 'UAEX', 'UnauthorizedExternalService'],
  [ResponseFlag.rateLimitServiceError, 'RLSE', 'RateLimitServiceError'],
  [ResponseFlag.downstreamConnectionTermination, 'DC', 'DownstreamConnectionTermination'],
  [ResponseFlag.streamIdleTimeout, 'SI', 'StreamIdleTimeout'],
  [ResponseFlag.invalidEnvoyRequestHeaders, 'IH', 'InvalidEnvoyRequestHeaders'],
  [ResponseFlag.downstreamProtocolError, 'DPE', 'DownstreamProtocolError'],
  [ResponseFlag.upstreamMaxStreamDurationReached, 'UMSDR', 'UpstreamMaxStreamDurationReached'],
  [ResponseFlag.responseFromCacheFilter, 'RFCF', 'ResponseFromCacheFilter'],
  [ResponseFlag.noFilterConfigFound, 'NFCF', 'NoFilterConfigFound'],
  [ResponseFlag.durationTimeout, 'DT', 'DurationTimeout'],
  [ResponseFlag.upstreamProtocolError, 'UPE', 'UpstreamProtocolError'],
  [ResponseFlag.noClusterFound, 'NC', 'NoClusterFound'],
  [ResponseFlag.overloadManagerTerminated, 'OM', 'OverloadManagerTerminated'],
  [ResponseFlag.dnsResolutionFailed, 'DF', 'DnsResolutionFailed'],
  [ResponseFlag.dropOverload, 'DO', 'DropOverload'],
  [ResponseFlag.downstreamRemoteReset, 'DR', 'DownstreamRemoteReset'],
];

/** `URX,UF`, or `-` for none. */
export function responseFlagsShort(flags: number): string {
  return join(flags, 1);
}

/** `UpstreamConnectionFailure,…`, or `-` for none. */
export function responseFlagsLong(flags: number): string {
  return join(flags, 2);
}

/** The bit of a short name, or undefined. */
export function responseFlagOf(short: string): number | undefined {
  return names.find((row) => row[1] === short)?.[0];
}

function join(flags: number, column: 1 | 2): string {
  if (flags === 0) return '-';
  let text = '';
  for (const row of names) if ((flags & row[0]) !== 0) text += (text === '' ? '' : ',') + row[column];
  return text === '' ? '-' : text;
}
