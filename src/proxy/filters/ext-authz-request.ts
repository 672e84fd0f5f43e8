import type { AddressView } from '../../match/request.ts';
import type { StringTest } from '../../match/string-match.ts';
import type { HttpExchange } from '../http/filter.ts';
import { ProtoWriter, writeStruct } from './protobuf.ts';

export interface CheckRequestOptions {
  readonly sendHeader: StringTest;
  readonly contextExtensions: Readonly<Record<string, string>>;
  readonly metadataNamespaces: readonly string[];
  readonly includeCertificate: boolean;
  readonly includeTlsSession: boolean;
  readonly packAsBytes: boolean;
  readonly rawHeaders: boolean;
  /** Undefined: the body is not sent. */
  readonly body: Buffer | undefined;
}

/** envoy.service.auth.v3.CheckRequest of a request. Header values that are no UTF-8 are replaced in text form, as the message must be valid. */
export function writeCheckRequest(exchange: HttpExchange, options: CheckRequestOptions): Buffer {
  const { downstream } = exchange.info;
  const tls = downstream.tls;
  const writer = new ProtoWriter();
  writer.message(1, (attributes) => {
    attributes.message(1, (source) => {
      peerAddress(source, exchange.info.remote);
      source.string(4, tls?.uriSanPeer[0] ?? tls?.dnsSanPeer[0] ?? tls?.subjectPeer ?? '');
      if (options.includeCertificate && tls !== undefined) source.string(5, tls.certificatePeer);
    });
    attributes.message(2, (destination) => {
      peerAddress(destination, downstream.local);
      destination.string(4, tls?.uriSanLocal[0] ?? tls?.dnsSanLocal[0] ?? tls?.subjectLocal ?? '');
    });
    attributes.message(4, (request) => writeRequest(request, exchange, options));
    for (const [key, value] of Object.entries(options.contextExtensions))
      attributes.message(10, (entry) => entry.string(1, key).string(2, value));
    attributes.message(11, (metadata) => {
      for (const name of options.metadataNamespaces) {
        const value = exchange.info.metadata(name);
        if (value !== undefined)
          metadata.message(1, (entry) => entry.string(1, name).message(2, (s) => writeStruct(s, value)));
      }
    });
    if (options.includeTlsSession)
      attributes.message(12, (session) => session.string(1, downstream.requestedServerName));
  });
  return writer.finish();
}

function peerAddress(peer: ProtoWriter, address: AddressView): void {
  peer.message(1, (a) => a.message(1, (socket) => socket.string(2, address.ip).uint(3, address.port)));
}

const protocols: Readonly<Record<number, string>> = { 10: 'HTTP/1.0', 11: 'HTTP/1.1', 20: 'HTTP/2' };

function writeRequest(request: ProtoWriter, exchange: HttpExchange, options: CheckRequestOptions): void {
  const head = exchange.request;
  const started = exchange.info.startTime;
  request.message(1, (time) =>
    time.uint(1, Math.floor(started / 1000)).uint(2, Math.floor((started % 1000) * 1e6)),
  );
  request.message(2, (http) => {
    http.string(1, exchange.info.requestId).string(2, head.method);
    const add = (name: string, value: string) => {
      if (!options.sendHeader(name)) return;
      if (options.rawHeaders)
        http.message(13, (map) =>
          map.message(1, (h) => h.string(1, name).bytes(3, Buffer.from(value, 'latin1'))),
        );
      else
        http.message(3, (entry) =>
          entry.string(1, name).string(2, Buffer.from(value, 'latin1').toString('utf8')),
        );
    };
    for (const [name, value] of [
      [':authority', head.authority],
      [':method', head.method],
      [':path', head.path],
      [':scheme', head.scheme],
    ] as const)
      add(name, value);
    const names = new Set(head.headers.fields.filter((_, i) => i % 2 === 0));
    for (const name of names) add(name, head.headers.getJoined(name) ?? '');
    http.string(4, head.path).string(5, head.authority).string(6, head.scheme);
    const length = head.headers.get('content-length');
    http.uint(9, length === undefined ? (options.body?.length ?? 0) : Number(length));
    http.string(10, protocols[head.httpVersion] ?? '');
    if (options.body === undefined) return;
    if (options.packAsBytes) http.bytes(12, options.body);
    else http.bytes(11, Buffer.from(options.body.toString('utf8'), 'utf8'));
  });
}
