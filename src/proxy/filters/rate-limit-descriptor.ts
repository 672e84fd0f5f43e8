import { Cidr, parseIp } from '../../base/cidr.ts';
import { allHeaders, compileQueryMatcher, queryParameter } from '../../match/header-match.ts';
import { headerValue } from '../../match/request.ts';
import { valueAt } from '../../match/value-match.ts';
import type { MetadataKey, RateLimit, RateLimitAction } from '../config/messages.ts';
import type { HttpExchange } from '../http/filter.ts';

/** One descriptor entry of a request. */
export interface DescriptorEntry {
  readonly key: string;
  readonly value: string;
}

/** The entries of one descriptor, or undefined when an action found nothing: then the whole descriptor is left out. */
type Descriptor = (exchange: HttpExchange, localCluster: string) => readonly DescriptorEntry[] | undefined;
type Entry = (exchange: HttpExchange, localCluster: string) => DescriptorEntry | 'skip' | undefined;

export interface CompiledRateLimit {
  readonly stage: number;
  readonly descriptor: Descriptor;
}

const compiled = new WeakMap<object, CompiledRateLimit>();

/** Compiles rate-limit actions of routes; each message once. */
export function compileRateLimits(messages: readonly unknown[]): CompiledRateLimit[] {
  return messages.map((message) => {
    const known = compiled.get(message as object);
    if (known !== undefined) return known;
    const made = compileRateLimit(message as RateLimit);
    compiled.set(message as object, made);
    return made;
  });
}

function compileRateLimit(message: RateLimit): CompiledRateLimit {
  const entries = message.actions.map(compileAction);
  return {
    stage: message.stage,
    descriptor: (exchange, localCluster) => {
      const list: DescriptorEntry[] = [];
      for (const entry of entries) {
        const made = entry(exchange, localCluster);
        if (made === undefined) return undefined;
        if (made !== 'skip') list.push(made);
      }
      return list.length === 0 ? undefined : list;
    },
  };
}

function compileAction(action: RateLimitAction): Entry {
  if (action.source_cluster !== undefined) return (_, cluster) => ({ key: 'source_cluster', value: cluster });
  if (action.destination_cluster !== undefined)
    return (exchange) => ({ key: 'destination_cluster', value: exchange.route()?.clusterName ?? '' });
  if (action.remote_address !== undefined)
    return (exchange) =>
      exchange.info.remote.ip === '' ? undefined : { key: 'remote_address', value: exchange.info.remote.ip };
  if (action.masked_remote_address !== undefined) return masked(action.masked_remote_address);
  if (action.request_headers !== undefined) {
    const { header_name, descriptor_key: key, skip_if_absent } = action.request_headers;
    const name = header_name.toLowerCase();
    return (exchange) => orSkip(key, headerValue(exchange.request, name), skip_if_absent);
  }
  if (action.query_parameters !== undefined) {
    const { query_parameter_name, descriptor_key: key, skip_if_absent } = action.query_parameters;
    return (exchange) =>
      orSkip(key, queryParameter(exchange.request.path, query_parameter_name), skip_if_absent);
  }
  if (action.generic_key !== undefined) {
    const { descriptor_key, descriptor_value: value } = action.generic_key;
    return () => ({ key: descriptor_key || 'generic_key', value });
  }
  return compileMatch(action);
}

function compileMatch(action: RateLimitAction): Entry {
  const header = action.header_value_match;
  if (header !== undefined) {
    const test = allHeaders(header.headers);
    const entry = { key: header.descriptor_key || 'header_match', value: header.descriptor_value };
    return (exchange) => ((test?.(exchange.request) ?? true) === header.expect_match ? entry : undefined);
  }
  const query = action.query_parameter_value_match;
  if (query !== undefined) {
    const tests = query.query_parameters.map(compileQueryMatcher);
    const entry = { key: query.descriptor_key || 'query_match', value: query.descriptor_value };
    return (exchange) =>
      tests.every((test) => test(exchange.request.path)) === query.expect_match ? entry : undefined;
  }
  if (action.dynamic_metadata !== undefined) {
    const { descriptor_key: key, metadata_key, default_value } = action.dynamic_metadata;
    return (exchange) =>
      orSkip(key, metadataText(exchange, metadata_key, 'DYNAMIC') ?? (default_value || undefined), false);
  }
  const metadata = action.metadata;
  if (metadata === undefined) return () => undefined;
  return (exchange) =>
    orSkip(
      metadata.descriptor_key,
      metadataText(exchange, metadata.metadata_key, metadata.source) ?? (metadata.default_value || undefined),
      metadata.skip_if_absent,
    );
}

function orSkip(key: string, value: string | undefined, skip: boolean): DescriptorEntry | 'skip' | undefined {
  if (value === undefined || value === '') return skip ? 'skip' : undefined;
  return { key, value };
}

function metadataText(
  exchange: HttpExchange,
  key: MetadataKey,
  source: 'DYNAMIC' | 'ROUTE_ENTRY',
): string | undefined {
  const root = source === 'DYNAMIC' ? exchange.info.metadata(key.key) : exchange.route()?.metadata[key.key];
  const value = valueAt(
    root,
    key.path.map((segment) => segment.key ?? ''),
  );
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function masked(config: NonNullable<RateLimitAction['masked_remote_address']>): Entry {
  return (exchange) => {
    const { ip } = exchange.info.remote;
    const parsed = parseIp(ip);
    if (parsed === undefined) return undefined;
    const bits = parsed.v6 ? config.v6_prefix_mask_len : config.v4_prefix_mask_len;
    return { key: 'masked_remote_address', value: `${Cidr.of(ip, bits)?.network ?? ip}/${bits}` };
  };
}
