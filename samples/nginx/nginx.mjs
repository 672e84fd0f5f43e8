// Serves a folder as nginx does out of the box: index.html, 301 for folders, ETag and ranges, its own error pages, the combined log.
import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

const root = process.env.NGINX_ROOT || '/usr/share/nginx/html';
// Not NGINX_PORT: a Service named nginx makes that variable an address.
const port = Number(process.env.LISTEN_PORT || 80);
const product = 'nginx/1.29.3';
const types = {
  '.html': 'text/html',
  '.htm': 'text/html',
  '.css': 'text/css',
  '.js': 'application/javascript',
  '.json': 'application/json',
  '.txt': 'text/plain',
  '.xml': 'text/xml',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.gif': 'image/gif',
  '.ico': 'image/x-icon',
  '.wasm': 'application/wasm',
};
const titles = {
  301: 'Moved Permanently',
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Not Allowed',
  416: 'Requested Range Not Satisfiable',
};
const welcome = `<!DOCTYPE html>
<html>
<head>
<title>Welcome to nginx!</title>
</head>
<body>
<h1>Welcome to nginx!</h1>
<p>This page is served by a small stand-in for nginx. Mount a folder at ${root} to serve your own.</p>
</body>
</html>
`;

const server = createServer(async (incoming, response) => {
  response.setHeader('Server', product);
  response.on('finish', () => log(incoming, response));
  try {
    await answer(incoming, response);
  } catch {
    fail(response, 404);
  }
});

async function answer(incoming, response) {
  if (incoming.method !== 'GET' && incoming.method !== 'HEAD') return fail(response, 405);
  let path;
  try {
    path = normalize(decodeURIComponent(incoming.url.split('?')[0]));
  } catch {
    return fail(response, 400);
  }
  const file = join(root, path);
  const info = await stat(file).catch(() => undefined);
  if (info === undefined && path === '/') return sendText(incoming, response, welcome);
  if (info === undefined) return fail(response, 404);
  if (!info.isDirectory()) return sendFile(incoming, response, file, info);
  if (!path.endsWith('/')) {
    const host = incoming.headers.host ?? `localhost:${port}`;
    response.setHeader('Location', `http://${host}${path}/`);
    return fail(response, 301);
  }
  const index = join(file, 'index.html');
  const indexInfo = await stat(index).catch(() => undefined);
  if (indexInfo?.isFile()) return sendFile(incoming, response, index, indexInfo);
  return path === '/' && indexInfo === undefined && (await isEmpty(file))
    ? sendText(incoming, response, welcome)
    : fail(response, 403);
}

/** A root folder that nobody filled shows the welcome page, as the image's own does. */
async function isEmpty(folder) {
  const { readdir } = await import('node:fs/promises');
  return !process.env.NGINX_STRICT_ROOT && (await readdir(folder)).length === 0;
}

async function sendFile(incoming, response, file, info) {
  const modified = new Date(Math.floor(info.mtimeMs / 1000) * 1000);
  const etag = `"${Math.floor(info.mtimeMs / 1000).toString(16)}-${info.size.toString(16)}"`;
  const headers = {
    'Content-Type':
      types[extname(await realpath(file))] ?? types[extname(file)] ?? 'application/octet-stream',
    'Last-Modified': modified.toUTCString(),
    ETag: etag,
    'Accept-Ranges': 'bytes',
  };
  const since = Date.parse(incoming.headers['if-modified-since'] ?? '');
  const matches = incoming.headers['if-none-match']?.split(/\s*,\s*/).includes(etag);
  if (matches || (incoming.headers['if-none-match'] === undefined && since === modified.getTime())) {
    response.writeHead(304, { 'Last-Modified': headers['Last-Modified'], ETag: etag });
    return response.end();
  }
  const range = /^bytes=(\d*)-(\d*)$/.exec(incoming.headers.range ?? '');
  let start = 0;
  let end = info.size - 1;
  if (range && (range[1] !== '' || range[2] !== '')) {
    start = range[1] === '' ? Math.max(0, info.size - Number(range[2])) : Number(range[1]);
    end = range[1] !== '' && range[2] !== '' ? Math.min(Number(range[2]), info.size - 1) : info.size - 1;
    if (start > end) {
      response.setHeader('Content-Range', `bytes */${info.size}`);
      return fail(response, 416);
    }
    headers['Content-Range'] = `bytes ${start}-${end}/${info.size}`;
  }
  response.writeHead(headers['Content-Range'] ? 206 : 200, { ...headers, 'Content-Length': end - start + 1 });
  if (incoming.method === 'HEAD' || info.size === 0) return response.end();
  createReadStream(file, { start, end })
    .on('error', () => response.destroy())
    .pipe(response);
}

function sendText(incoming, response, text) {
  response.writeHead(200, { 'Content-Type': 'text/html', 'Content-Length': Buffer.byteLength(text) });
  response.end(incoming.method === 'HEAD' ? undefined : text);
}

function fail(response, status) {
  const title = `${status} ${titles[status]}`;
  const body = `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n<hr><center>${product}</center>\r\n</body>\r\n</html>\r\n`;
  response.writeHead(status, { 'Content-Type': 'text/html', 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
}

function log(incoming, response) {
  const now = new Date();
  const month = now.toLocaleString('en-US', { month: 'short', timeZone: 'UTC' });
  const two = (n) => String(n).padStart(2, '0');
  const time = `${two(now.getUTCDate())}/${month}/${now.getUTCFullYear()}:${now.toISOString().slice(11, 19)} +0000`;
  const client = (incoming.socket.remoteAddress ?? '-').replace('::ffff:', '');
  const request = `${incoming.method} ${incoming.url} HTTP/${incoming.httpVersion}`;
  const { referer = '-', 'user-agent': agent = '-', 'x-forwarded-for': forwarded = '-' } = incoming.headers;
  const bytes = response.getHeader('content-length') ?? 0;
  process.stdout.write(
    `${client} - - [${time}] "${request}" ${response.statusCode} ${bytes} "${referer}" "${agent}" "${forwarded}"\n`,
  );
}

server.keepAliveTimeout = 65_000;
server.listen(port);
// SIGQUIT lets running requests end, SIGTERM does not wait.
process.on('SIGQUIT', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0));
