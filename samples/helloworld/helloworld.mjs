// Says which version and instance answered.
import { createServer } from 'node:http';
import { hostname } from 'node:os';

const version = process.env.SERVICE_VERSION || 'v1';
const port = Number(process.env.PORT || 5000);

const server = createServer((incoming, response) => {
  const { pathname } = new URL(incoming.url, 'http://service');
  if (pathname === '/health') return response.end('Helloworld is healthy');
  if (pathname !== '/hello') return response.writeHead(404).end('not found\n');
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
  response.end(`Hello version: ${version}, instance: ${process.env.HOSTNAME || hostname()}\n`);
});
server.listen(port);
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0));
