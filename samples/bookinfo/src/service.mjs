// What the four bookinfo services share: a small HTTP server, calls to each other, and the headers that travel with a request.
import { createServer, request } from 'node:http';

/** Headers a service hands on so that traces stay whole and rules on the end user work all along the chain. */
const forwarded = [
  'x-request-id',
  'x-ot-span-context',
  'x-datadog-trace-id',
  'x-datadog-parent-id',
  'x-datadog-sampling-priority',
  'traceparent',
  'tracestate',
  'x-cloud-trace-context',
  'grpc-trace-bin',
  'x-b3-traceid',
  'x-b3-spanid',
  'x-b3-parentspanid',
  'x-b3-sampled',
  'x-b3-flags',
  'b3',
  'sw8',
  'end-user',
  'user-agent',
  'cookie',
  'authorization',
  'jwt',
];

export function forwardedHeaders(incoming) {
  return Object.fromEntries(
    forwarded.filter((name) => incoming[name] !== undefined).map((name) => [name, incoming[name]]),
  );
}

/** `details` → `details.example.org` when SERVICES_DOMAIN is set; every host and port can be replaced by environment. */
export function peer(name) {
  const upper = name.toUpperCase();
  const domain = process.env.SERVICES_DOMAIN ? `.${process.env.SERVICES_DOMAIN}` : '';
  return {
    host: (process.env[`${upper}_HOSTNAME`] || name) + domain,
    port: Number(process.env[`${upper}_SERVICE_PORT`] || 9080),
  };
}

/** GETs JSON from another service; `{ status, body }` with status 0 when there was no answer in time. */
export function call(service, path, headers, timeoutMs) {
  return new Promise((resolve) => {
    const { host, port } = peer(service);
    const outgoing = request({
      host,
      port,
      path,
      headers: { ...headers, accept: 'application/json' },
      timeout: timeoutMs,
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('timeout')));
    outgoing.on('error', () => resolve({ status: 0 }));
    outgoing.on('response', (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', () => resolve({ status: 0 }));
      response.on('end', () => {
        try {
          resolve({ status: response.statusCode, body: JSON.parse(Buffer.concat(chunks).toString('utf8')) });
        } catch {
          resolve({ status: response.statusCode });
        }
      });
    });
    outgoing.end();
  });
}

export function readBody(incoming) {
  return new Promise((resolve, reject) => {
    const chunks = [];
    incoming.on('data', (chunk) => chunks.push(chunk));
    incoming.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    incoming.on('error', reject);
  });
}

export function sendJson(response, status, value) {
  const body = JSON.stringify(value);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}

/** Serves on the port given as first argument (9080) until SIGTERM, then lets running requests end. */
export function serve(name, handle) {
  const port = Number(process.argv[2] || 9080);
  const server = createServer(async (incoming, response) => {
    try {
      await handle(incoming, response, new URL(incoming.url, 'http://service'));
    } catch (error) {
      if (!response.headersSent) sendJson(response, 500, { error: error.message });
      else response.destroy();
    }
  });
  server.keepAliveTimeout = 60_000;
  // A half-closed or broken client is no reason to end.
  server.on('clientError', (_error, socket) => socket.destroy());
  server.listen(port, process.env.BIND_ADDRESS || '::', () =>
    process.stdout.write(`${name} listens on ${port}\n`),
  );
  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.on(signal, () => {
      server.close(() => process.exit(0));
      server.closeIdleConnections();
    });
  }
  return server;
}
