import type { FilterEnvironment, HttpFilterFactory } from '../http/filter.ts';

/** How one kind of HTTP filter is made from its decoded, defaulted Envoy message. Both functions throw an Error with a user's message on semantic faults. */
export interface HttpFilterKind {
  /** `config` is the decoded message of the kind's type URL; `name` the configured filter name. */
  compile(name: string, config: unknown, env: FilterEnvironment): HttpFilterFactory;
  /** Compiles a `typed_per_filter_config` entry, once per configuration; undefined when the kind takes none. */
  readonly compileRoute?: (config: unknown, env: FilterEnvironment) => unknown;
}
