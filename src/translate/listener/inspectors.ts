import type { Json } from '../typed.ts';
import { compact, extension } from '../typed.ts';

/** What an HTTP inspector reports for plain-text HTTP. */
export const plaintextHttpProtocols = ['http/1.0', 'http/1.1', 'h2c'];

export function originalDst(): Json {
  return extension('envoy.filters.listener.original_dst', 'originalDst');
}

/** `exceptPorts`: destination ports whose protocol is declared, where looking would cost without use. */
export function tlsInspector(exceptPorts: readonly number[] = []): Json {
  return compact({
    ...extension('envoy.filters.listener.tls_inspector', 'tlsInspector'),
    filter_disabled: onPorts(exceptPorts),
  });
}

export function httpInspector(exceptPorts: readonly number[] = []): Json {
  return compact({
    ...extension('envoy.filters.listener.http_inspector', 'httpInspector'),
    filter_disabled: onPorts(exceptPorts),
  });
}

function onPorts(ports: readonly number[]): Json | undefined {
  const rules = ports.map((port) => ({ destination_port_range: { start: port, end: port + 1 } }));
  if (rules.length === 0) return undefined;
  return rules.length === 1 ? rules[0] : { or_match: { rules } };
}
