import type { ListenerFilterPredicate } from '../../xds/messages/listener.ts';
import type { ConnectionInfo } from '../listener/connection.ts';
import type { ListenerFilterFactory } from '../listener/listener-filter.ts';

type Predicate = (info: ConnectionInfo) => boolean;

/**
 * A listener filter that some connections skip (Envoy's ListenerFilter.filter_disabled): the predicate is asked when the filter's turn
 * comes, so a restored original destination counts.
 */
export function unlessMatching(
  predicate: ListenerFilterPredicate | undefined,
  factory: ListenerFilterFactory,
): ListenerFilterFactory {
  if (predicate === undefined) return factory;
  const disabled = compilePredicate(predicate);
  return { name: factory.name, create: (info) => (disabled(info) ? undefined : factory.create(info)) };
}

function compilePredicate(predicate: ListenerFilterPredicate): Predicate {
  const { or_match, and_match, not_match, destination_port_range: range } = predicate;
  if (or_match !== undefined) {
    const rules = or_match.rules.map(compilePredicate);
    return (info) => rules.some((rule) => rule(info));
  }
  if (and_match !== undefined) {
    const rules = and_match.rules.map(compilePredicate);
    return (info) => rules.every((rule) => rule(info));
  }
  if (not_match !== undefined) {
    const rule = compilePredicate(not_match);
    return (info) => !rule(info);
  }
  if (range !== undefined) return (info) => info.local.port >= range.start && info.local.port < range.end;
  return () => true;
}
