import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseYaml } from '../../src/base/yaml.ts';

/** One case file: a configuration in short form and the conversations that run on it, in order, on both proxies. */
export interface CaseFile {
  readonly name: string;
  /** Merged into the HTTP connection manager. */
  readonly hcm?: Record<string, unknown>;
  readonly http_filters?: readonly object[];
  /** Routes of one virtual host for every domain, or a whole RouteConfiguration. */
  readonly routes?: readonly object[];
  readonly route_config?: object;
  /** Merged into the virtual host of `routes`. */
  readonly virtual_host?: object;
  readonly listener?: Record<string, unknown>;
  /** Filter chains instead of the HTTP one. */
  readonly filter_chains?: readonly object[];
  /** Merged into the cluster of that upstream; `a`, `b` and `c` are always there. */
  readonly clusters?: Record<string, Record<string, unknown>>;
  /** Merged into the bootstrap. */
  readonly bootstrap?: Record<string, unknown>;
  /** More statistics to compare, as regular expressions. */
  readonly stats?: readonly string[];
  /** Access-log lines that only one of the two writes, known and documented; any other difference fails. */
  readonly known_access_log?: readonly KnownLines[];
  /** Counters that are known to differ: ours minus Envoy's. */
  readonly known_statistics?: readonly KnownCounter[];
  readonly conversations: readonly Conversation[];
}

export interface KnownLines {
  readonly why: string;
  readonly envoy?: readonly string[];
  readonly ours?: readonly string[];
}

export interface KnownCounter {
  readonly name: string;
  readonly by: number;
  readonly why: string;
}

export interface Conversation {
  readonly name: string;
  /** Raw bytes to send, C escapes resolved by YAML; `${…}` not interpreted. */
  readonly send?: string;
  /** More raw pieces, sent after the pause. */
  readonly then?: readonly { readonly after_ms: number; readonly send: string }[];
  /** Or a request in short form. */
  readonly get?: string;
  readonly method?: string;
  readonly host?: string;
  readonly headers?: Record<string, string | readonly string[]>;
  readonly body?: string;
  /** Send it over HTTP/2 with prior knowledge. */
  readonly h2?: boolean;
  readonly trailers?: Record<string, string>;
  /** Answers of the upstreams, in the order requests arrive; afterwards `200 ok`. Raw bytes, or `close`. */
  readonly upstream?: readonly (
    | string
    | { readonly after_ms?: number; readonly send: string; readonly close?: boolean }
  )[];
  /** How many responses to wait for; 1 by default. */
  readonly responses?: number;
  /** The same conversation that many times. */
  readonly repeat?: number;
  readonly pause_ms?: number;
  /** Header names whose values are not compared here, beside the general ones. */
  readonly ignore?: readonly string[];
  /** The named difference is known and documented; reported but no failure. */
  readonly known_difference?: string;
}

export function readCaseFile(path: string): CaseFile {
  return { name: basename(path, '.yaml'), ...(parseYaml(readFileSync(path, 'utf8')) as object) } as CaseFile;
}
