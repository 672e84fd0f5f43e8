import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Logger } from '../base/log.ts';
import { errorMessage } from '../base/log.ts';
import type { KeyedCertificate } from '../pki/certificate.ts';
import type { AdmissionHandler } from './admission.ts';
import { parseReview, reviewResponse } from './admission.ts';

/** The API server sends 3 MiB at most; more is nobody's admission request. */
const maxBodyBytes = 8 * 1024 * 1024;

/** HTTPS on port 15017: `/inject` and `/validate`, each one admission handler. */
export class WebhookServer {
  readonly #handlers: Readonly<Record<string, AdmissionHandler>>;
  readonly #log: Logger;
  readonly #server: Server;

  constructor(options: {
    readonly handlers: Readonly<Record<string, AdmissionHandler>>;
    readonly log: Logger;
  }) {
    this.#handlers = options.handlers;
    this.#log = options.log;
    this.#server = createServer({ minVersion: 'TLSv1.2' }, (request, response) =>
      this.#receive(request, response),
    );
    this.#server.requestTimeout = 30_000;
  }

  /** Presents this certificate from the next connection on. */
  useCertificate(certificate: KeyedCertificate): void {
    this.#server.setSecureContext({ cert: certificate.certificate, key: certificate.key });
  }

  /** Listens and returns the port taken; port 0 takes any. */
  async listen(port: number, host?: string): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, resolve);
    });
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #receive(request: IncomingMessage, response: ServerResponse): void {
    const path = (request.url ?? '/').split('?')[0] as string;
    // Istio's injector accepts `/inject/cluster/…/net/…`, which users' webhooks may carry.
    const handler = this.#handlers[`/${path.split('/')[1]}`];
    if (handler === undefined) return refuse(response, 404, `no webhook at ${path}`);
    if (request.method !== 'POST') return refuse(response, 405, 'admission reviews are sent by POST');
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBodyBytes) chunks.push(chunk);
      else if (!response.headersSent) {
        refuse(response, 413, `the review is larger than ${maxBodyBytes} bytes`);
        request.destroy();
      }
    });
    request.on('error', () => undefined);
    request.on('end', () => {
      if (!response.headersSent) this.#answer(handler, Buffer.concat(chunks).toString('utf8'), response);
    });
  }

  #answer(handler: AdmissionHandler, body: string, response: ServerResponse): void {
    let review: ReturnType<typeof parseReview>;
    try {
      review = parseReview(body);
    } catch (thrown) {
      return refuse(response, 400, errorMessage(thrown));
    }
    const { apiVersion, request } = review;
    try {
      return send(response, 200, reviewResponse(apiVersion, request.uid, handler(request)));
    } catch (thrown) {
      // A fault of ours: say so instead of letting the API server run into its timeout.
      this.#log.error('an admission handler failed', {
        error: errorMessage(thrown),
        stack: (thrown as Error).stack,
      });
      const message = `internal error in the webhook: ${errorMessage(thrown)}`;
      return send(
        response,
        200,
        reviewResponse(apiVersion, request.uid, { allowed: false, message, code: 500 }),
      );
    }
  }
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'content-type': 'text/plain' }).end(`${message}\n`);
}

function send(response: ServerResponse, status: number, body: string): void {
  response
    .writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
    .end(body);
}
