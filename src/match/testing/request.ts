import type { AddressView, RequestView, StreamView, TlsView } from '../request.ts';

/** A request for matcher tests; defaults are `GET http://host/`. */
export function fakeRequest(given: {
  method?: string;
  authority?: string;
  path?: string;
  protocol?: string | undefined;
  headers?: Record<string, string | string[]>;
}): RequestView {
  const fields = Object.entries(given.headers ?? {}).flatMap(([name, value]) =>
    [value].flat().map((v) => [name, v] as const),
  );
  const all = (name: string) => fields.filter(([n]) => n === name).map(([, v]) => v);
  return {
    method: given.method ?? 'GET',
    scheme: 'http',
    authority: given.authority ?? 'host',
    path: given.path ?? '/',
    protocol: given.protocol,
    headers: {
      fields: fields.flat(),
      get: (name) => all(name)[0],
      getJoined: (name) => (all(name).length === 0 ? undefined : all(name).join(',')),
    },
  };
}

/** A stream for matcher tests. */
export function fakeStream(given: {
  remote?: AddressView;
  directRemote?: AddressView;
  downstreamRemote?: AddressView;
  local?: AddressView;
  tls?: TlsView;
  sni?: string;
  metadata?: Record<string, Record<string, unknown>>;
  filterState?: Record<string, unknown>;
}): StreamView {
  const remote = given.remote ?? { ip: '10.0.0.1', port: 1234 };
  return {
    remote,
    downstream: {
      remote: given.downstreamRemote ?? remote,
      directRemote: given.directRemote ?? remote,
      local: given.local ?? { ip: '10.0.0.2', port: 80 },
      tls: given.tls,
      requestedServerName: given.sni ?? '',
    },
    metadata: (namespace) => given.metadata?.[namespace],
    filterState: (key) => given.filterState?.[key],
  };
}
