import { networkInterfaces } from 'node:os';
import type { Conversation } from './case-file.ts';
import type { Outcome } from './client.ts';
import type { SeenRequest } from './upstream.ts';

/**
 * Header values that differ between any two runs; presence is still compared. `date` and `x-envoy-upstream-service-time` are clocks,
 * `x-request-id` is random.
 */
const volatile = new Set([
  'date',
  'x-envoy-upstream-service-time',
  'x-request-id',
  'x-envoy-expected-rq-timeout-ms',
  'x-forwarded-port',
]);

/** Envoy writes the machine's own address for a client on loopback. */
const ownAddress =
  Object.values(networkInterfaces())
    .flat()
    .find((i) => i !== undefined && !i.internal && i.family === 'IPv4')?.address ?? 'none';

export interface Observed {
  readonly outcome: Outcome;
  readonly seen: readonly SeenRequest[];
}

/** What was observed as lines of text, so that a difference reads as a diff. */
export function describe({ outcome, seen }: Observed, conversation: Conversation): string[] {
  const ignore = new Set((conversation.ignore ?? []).map((name) => name.toLowerCase()));
  const field = ([name, value]: readonly [string, string]) => {
    const lower = name.toLowerCase();
    return `${name}: ${volatile.has(lower) || ignore.has(lower) ? '*' : value.replaceAll(ownAddress, '127.0.0.1')}`;
  };
  const lines: string[] = [];
  for (const response of outcome.responses) {
    lines.push(`< ${response.startLine}`);
    for (const line of response.headers.map(field).sort()) lines.push(`<   ${line}`);
    if (response.body !== '') lines.push(`<   body ${JSON.stringify(cut(response.body))}`);
    for (const line of response.trailers.map(field).sort()) lines.push(`<   trailer ${line}`);
  }
  // A proxy that announced the end may take its time (delayed close).
  const announced = outcome.responses
    .at(-1)
    ?.headers.some(([n, v]) => n.toLowerCase() === 'connection' && v === 'close');
  lines.push(`< closed ${outcome.closed || announced === true}`);
  if (outcome.leftOver !== '') lines.push(`< left over ${JSON.stringify(cut(outcome.leftOver))}`);
  for (const request of seen) {
    lines.push(`> ${request.upstream}: ${request.line}`);
    for (const line of request.headers.map(field).sort()) lines.push(`>   ${line}`);
    if (request.body !== '') lines.push(`>   body ${JSON.stringify(cut(request.body))}`);
  }
  return lines;
}

function cut(text: string): string {
  return text.length <= 300 ? text : `${text.slice(0, 300)}… (${text.length} bytes)`;
}

/** Lines only one of the two has, `-` Envoy's and `+` ours; empty when equal. */
export function difference(envoy: readonly string[], ours: readonly string[]): string[] {
  if (envoy.length === ours.length && envoy.every((line, i) => line === ours[i])) return [];
  const rest = [...ours];
  const result: string[] = [];
  for (const line of envoy) {
    const at = rest.indexOf(line);
    if (at < 0) result.push(`- ${line}`);
    else rest.splice(at, 1);
  }
  result.push(...rest.map((line) => `+ ${line}`));
  return result.length > 0 ? result : ['the same lines in another order'];
}
