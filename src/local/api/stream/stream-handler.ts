import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ApiCore } from '../core.ts';
import type { StreamCall, StreamHandler } from '../http/server.ts';
import type { NodeBackend, ResolveService } from '../node-backend.ts';
import { StatusError } from '../status.ts';

/** pods/log, exec, attach, portforward and proxy: passes them to the node agent. */
export class PodStreams implements StreamHandler {
  backend: NodeBackend | undefined;
  resolveService: ResolveService = async () => undefined;
  readonly #core: ApiCore;

  constructor(core: ApiCore) {
    this.#core = core;
  }

  async request(_req: IncomingMessage, _res: ServerResponse, _call: StreamCall): Promise<void> {
    void this.#core;
    throw noNode();
  }

  upgrade(_req: IncomingMessage, _socket: Duplex, _head: Buffer, _call: StreamCall): void {
    throw noNode();
  }
}

export function noNode(): StatusError {
  return new StatusError(
    501,
    'NotImplemented',
    'this API server runs without a node (--api-only): there are no containers to reach',
  );
}
