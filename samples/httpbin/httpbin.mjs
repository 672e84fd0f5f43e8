// Says back what was asked, and misbehaves on request: the endpoints of httpbin that people try a mesh with. HTTPBIN_STYLE=python gives plain
// strings where go-httpbin gives lists.
import { randomBytes, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { hostname } from 'node:os';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';

const port = Number(process.env.PORT || 8080);
const python = process.env.HTTPBIN_STYLE === 'python';
const maxDelayMs = 10_000;

function multi(entries) {
  const out = {};
  for (const [name, value] of entries) out[name] = [...(out[name] ?? []), value];
  if (!python) return out;
  return Object.fromEntries(
    Object.entries(out).map(([name, values]) => [name, values.length === 1 ? values[0] : values]),
  );
}

function headerName(name) {
  return name.replace(/(^|-)([a-z])/g, (_, dash, letter) => dash + letter.toUpperCase());
}

function headersOf(incoming) {
  const raw = incoming.rawHeaders;
  const entries = [];
  for (let i = 0; i < raw.length; i += 2) entries.push([headerName(raw[i].toLowerCase()), raw[i + 1]]);
  return multi(entries);
}

function origin(incoming) {
  const forwarded = incoming.headers['x-forwarded-for'];
  return forwarded
    ? forwarded.split(',')[0].trim()
    : (incoming.socket.remoteAddress ?? '').replace('::ffff:', '');
}

function urlOf(incoming) {
  const scheme = incoming.headers['x-forwarded-proto'] ?? 'http';
  return `${scheme}://${incoming.headers.host ?? 'localhost'}${incoming.url}`;
}

function echo(incoming, url, body) {
  const type = incoming.headers['content-type'] ?? '';
  const text = body.toString('utf8');
  const base = {
    args: multi(url.searchParams),
    headers: headersOf(incoming),
    method: incoming.method,
    origin: origin(incoming),
    url: urlOf(incoming),
  };
  if (incoming.method === 'GET' && url.pathname === '/get') return base;
  let json = null;
  try {
    if (type.includes('json')) json = JSON.parse(text);
  } catch {
    json = null;
  }
  const form = type.startsWith('application/x-www-form-urlencoded') ? multi(new URLSearchParams(text)) : {};
  return { ...base, data: text, files: {}, form, json };
}

function send(response, status, body, headers = {}) {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body);
  response.writeHead(status, {
    'content-length': bytes.length,
    'access-control-allow-origin': '*',
    ...headers,
  });
  response.end(response.req.method === 'HEAD' ? undefined : bytes);
}

function json(response, value, status = 200, headers = {}) {
  send(response, status, JSON.stringify(value, null, 2) + '\n', {
    'content-type': 'application/json; charset=utf-8',
    ...headers,
  });
}

function text(response, value, type = 'text/plain; charset=utf-8', status = 200) {
  send(response, status, value, { 'content-type': type });
}

function redirect(response, location, status = 302) {
  send(response, status, '', { location });
}

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, Math.min(ms, maxDelayMs)));

/** `2`, `1.5` are seconds, `300ms` and `2s` durations. */
function durationMs(value) {
  const match = /^([\d.]+)(ms|s)?$/.exec(value ?? '');
  return match === null ? undefined : Number(match[1]) * (match[2] === 'ms' ? 1 : 1000);
}

/** `503` or `200:0.9,503:0.1`: a status, or a choice by weight. */
function pickStatus(spec) {
  const choices = spec.split(',').map((part) => part.split(':'));
  const total = choices.reduce((sum, [, weight]) => sum + Number(weight ?? 1), 0);
  let at = Math.random() * total;
  for (const [status, weight] of choices) {
    at -= Number(weight ?? 1);
    if (at <= 0) return Number(status);
  }
  return Number(choices.at(-1)[0]);
}

function cookies(incoming) {
  const pairs = (incoming.headers.cookie ?? '').split(/;\s*/).filter(Boolean);
  return Object.fromEntries(
    pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  );
}

function basicAuth(context, [user, password], failStatus) {
  const { incoming, response } = context;
  const wanted = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const authorized = incoming.headers.authorization === wanted;
  const headers = failStatus === 401 ? { 'www-authenticate': 'Basic realm="Fake Realm"' } : {};
  json(
    response,
    { authorized, authenticated: authorized, user },
    authorized ? 200 : failStatus,
    authorized ? {} : headers,
  );
}

async function stream(response, count) {
  response.writeHead(200, { 'content-type': 'application/json' });
  for (let id = 0; id < Math.min(count, 100); id++)
    response.write(JSON.stringify({ id, url: urlOf(response.req) }) + '\n');
  response.end();
}

async function drip({ response, url }) {
  const query = url.searchParams;
  const count = Math.min(Number(query.get('numbytes') ?? 10), 10_240);
  const pauseMs = (durationMs(query.get('duration') ?? '2') ?? 2000) / Math.max(1, count);
  await wait(durationMs(query.get('delay') ?? '0') ?? 0);
  response.writeHead(Number(query.get('code') ?? 200), {
    'content-type': 'application/octet-stream',
    'content-length': count,
  });
  for (let i = 0; i < count; i++) {
    response.write('*');
    await wait(pauseMs);
  }
  response.end();
}

async function events({ response, url }) {
  const count = Math.min(Number(url.searchParams.get('count') ?? 10), 1000);
  const pauseMs = (durationMs(url.searchParams.get('duration') ?? '5s') ?? 5000) / Math.max(1, count);
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
  });
  for (let id = 0; id < count; id++) {
    response.write(`event: ping\ndata: ${JSON.stringify({ id, timestamp: Date.now() })}\n\n`);
    await wait(pauseMs);
  }
  response.end();
}

function compressed(name, compress) {
  return ({ incoming, response }) => {
    const value = {
      [name]: true,
      headers: headersOf(incoming),
      method: incoming.method,
      origin: origin(incoming),
    };
    const bytes = compress(Buffer.from(JSON.stringify(value)));
    send(response, 200, bytes, {
      'content-type': 'application/json',
      'content-encoding': name === 'gzipped' ? 'gzip' : name === 'brotli' ? 'br' : 'deflate',
    });
  };
}

const methods = ['get', 'post', 'put', 'patch', 'delete', 'head'];
/** Path pattern → handler; groups of the pattern are the second argument. */
const routes = [
  [
    /^\/$/,
    ({ response }) =>
      text(
        response,
        page(
          'httpbin',
          `<p>Try ${routes.length} kinds of endpoints, such as /get, /headers, /status/503, /delay/2.</p>`,
        ),
        'text/html; charset=utf-8',
      ),
  ],
  [
    /^\/(get|post|put|patch|delete|head)$/,
    (context, [method]) => {
      const { incoming, response, url, body } = context;
      const fits =
        incoming.method.toLowerCase() === method || (method === 'get' && incoming.method === 'HEAD');
      if (!fits || !methods.includes(method))
        return json(response, { status_code: 405, error: 'Method Not Allowed' }, 405);
      json(response, echo(incoming, url, body));
    },
  ],
  [/^\/anything(?:\/.*)?$/, ({ incoming, response, url, body }) => json(response, echo(incoming, url, body))],
  [/^\/headers$/, ({ incoming, response }) => json(response, { headers: headersOf(incoming) })],
  [/^\/ip$/, ({ incoming, response }) => json(response, { origin: origin(incoming) })],
  [
    /^\/user-agent$/,
    ({ incoming, response }) => json(response, { 'user-agent': incoming.headers['user-agent'] ?? '' }),
  ],
  [/^\/hostname$/, ({ response }) => json(response, { hostname: process.env.HOSTNAME || hostname() })],
  [/^\/uuid$/, ({ response }) => json(response, { uuid: randomUUID() })],
  [/^\/env$/, ({ response }) => json(response, { env: {} })],
  [
    /^\/status\/(.+)$/,
    ({ response }, [spec]) => {
      const status = pickStatus(spec);
      if (!(status >= 200 && status <= 599))
        return json(
          response,
          { status_code: 400, error: 'Bad Request', detail: `invalid status code: ${spec}` },
          400,
        );
      const headers =
        status >= 301 && status <= 308 && status !== 304
          ? { location: '/redirect/1' }
          : status === 401
            ? { 'www-authenticate': 'Basic realm="Fake Realm"' }
            : {};
      const empty = status === 204 || status === 304;
      if (empty) response.writeHead(status, headers).end();
      else send(response, status, '', { 'content-type': 'text/plain; charset=utf-8', ...headers });
    },
  ],
  [
    /^\/unstable$/,
    ({ response, url }) => {
      const rate = Number(url.searchParams.get('failure_rate') ?? 0.5);
      text(response, '', undefined, Math.random() < rate ? 500 : 200);
    },
  ],
  [
    /^\/delay\/([^/]+)$/,
    async ({ incoming, response, url, body }, [value]) => {
      const ms = durationMs(value);
      if (ms === undefined)
        return json(
          response,
          { status_code: 400, error: 'Bad Request', detail: `invalid duration: ${value}` },
          400,
        );
      await wait(ms);
      json(response, echo(incoming, url, body));
    },
  ],
  [
    /^\/(?:relative-)?redirect\/(\d+)$/,
    ({ response }, [n]) => redirect(response, Number(n) > 1 ? `/relative-redirect/${Number(n) - 1}` : '/get'),
  ],
  [
    /^\/absolute-redirect\/(\d+)$/,
    ({ incoming, response }, [n]) =>
      redirect(
        response,
        `http://${incoming.headers.host}${Number(n) > 1 ? `/absolute-redirect/${Number(n) - 1}` : '/get'}`,
      ),
  ],
  [
    /^\/redirect-to$/,
    ({ response, url }) =>
      redirect(
        response,
        url.searchParams.get('url') ?? '/get',
        Number(url.searchParams.get('status_code') ?? 302),
      ),
  ],
  [
    /^\/cookies$/,
    ({ incoming, response }) =>
      json(response, python ? { cookies: cookies(incoming) } : { cookies: cookies(incoming) }),
  ],
  [
    /^\/cookies\/set$/,
    ({ response, url }) =>
      send(response, 302, '', {
        location: '/cookies',
        'set-cookie': [...url.searchParams].map(([name, value]) => `${name}=${value}; Path=/`),
      }),
  ],
  [
    /^\/cookies\/delete$/,
    ({ response, url }) =>
      send(response, 302, '', {
        location: '/cookies',
        'set-cookie': [...url.searchParams.keys()].map((name) => `${name}=; Path=/; Max-Age=0`),
      }),
  ],
  [/^\/basic-auth\/([^/]+)\/([^/]+)$/, (context, pair) => basicAuth(context, pair, 401)],
  [/^\/hidden-basic-auth\/([^/]+)\/([^/]+)$/, (context, pair) => basicAuth(context, pair, 404)],
  [
    /^\/bearer$/,
    ({ incoming, response }) => {
      const token = /^Bearer (.+)$/.exec(incoming.headers.authorization ?? '')?.[1];
      if (token === undefined) return send(response, 401, '', { 'www-authenticate': 'Bearer' });
      json(response, { authenticated: true, token });
    },
  ],
  [
    /^\/bytes\/(\d+)$/,
    ({ response }, [n]) =>
      send(response, 200, randomBytes(Math.min(Number(n), 102_400)), {
        'content-type': 'application/octet-stream',
      }),
  ],
  [
    /^\/stream-bytes\/(\d+)$/,
    ({ response }, [n]) => {
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      for (let left = Math.min(Number(n), 102_400); left > 0; left -= 10_240)
        response.write(randomBytes(Math.min(left, 10_240)));
      response.end();
    },
  ],
  [
    /^\/range\/(\d+)$/,
    ({ response }, [n]) =>
      send(response, 200, Buffer.alloc(Math.min(Number(n), 102_400), 'abcdefghijklmnopqrstuvwxyz'), {
        'content-type': 'application/octet-stream',
        'accept-ranges': 'bytes',
        etag: `range${n}`,
      }),
  ],
  [/^\/stream\/(\d+)$/, ({ response }, [n]) => stream(response, Number(n))],
  [
    /^\/base64(?:\/decode)?\/([^/]+)$/,
    ({ response }, [value]) => text(response, Buffer.from(value, 'base64url').toString('utf8')),
  ],
  [
    /^\/base64\/encode\/([^/]+)$/,
    ({ response }, [value]) => text(response, Buffer.from(value).toString('base64url')),
  ],
  [/^\/gzip$/, compressed('gzipped', gzipSync)],
  [/^\/deflate$/, compressed('deflated', deflateSync)],
  [/^\/brotli$/, compressed('brotli', brotliCompressSync)],
  [
    /^\/cache$/,
    ({ incoming, response, url, body }) => {
      if (incoming.headers['if-modified-since'] ?? incoming.headers['if-none-match'])
        return response.writeHead(304).end();
      json(response, echo(incoming, url, body), 200, {
        'last-modified': new Date().toUTCString(),
        etag: `"${randomUUID()}"`,
      });
    },
  ],
  [
    /^\/cache\/(\d+)$/,
    ({ incoming, response, url, body }, [n]) =>
      json(response, echo(incoming, url, body), 200, { 'cache-control': `public, max-age=${n}` }),
  ],
  [
    /^\/etag\/([^/]+)$/,
    ({ incoming, response, url, body }, [tag]) => {
      const quoted = `"${tag}"`;
      if (incoming.headers['if-none-match']?.includes(quoted))
        return response.writeHead(304, { etag: quoted }).end();
      if (incoming.headers['if-match'] && !incoming.headers['if-match'].includes(quoted))
        return response.writeHead(412, { etag: quoted }).end();
      json(response, echo(incoming, url, body), 200, { etag: quoted });
    },
  ],
  [
    /^\/response-headers$/,
    ({ response, url }) => {
      const given = Object.fromEntries(
        [...new Set(url.searchParams.keys())].map((name) => [name, url.searchParams.getAll(name)]),
      );
      json(response, multi(url.searchParams), 200, given);
    },
  ],
  [/^\/drip$/, drip],
  [/^\/sse$/, events],
  [
    /^\/html$/,
    ({ response }) => text(response, page('A page', '<p>Some plain HTML.</p>'), 'text/html; charset=utf-8'),
  ],
  [
    /^\/json$/,
    ({ response }) =>
      json(response, {
        slideshow: {
          title: 'Sample',
          slides: [
            { title: 'One', type: 'all' },
            { title: 'Two', type: 'all' },
          ],
        },
      }),
  ],
  [
    /^\/xml$/,
    ({ response }) =>
      text(
        response,
        '<?xml version="1.0" encoding="utf-8"?>\n<slideshow><slide type="all"><title>One</title></slide></slideshow>\n',
        'application/xml',
      ),
  ],
  [/^\/robots\.txt$/, ({ response }) => text(response, 'User-agent: *\nDisallow: /deny\n')],
  [/^\/deny$/, ({ response }) => text(response, 'You should not be here.\n')],
  [
    /^\/encoding\/utf8$/,
    ({ response }) => text(response, page('UTF-8', '<p>ä ß ∑ 中 ☃</p>'), 'text/html; charset=utf-8'),
  ],
  [
    /^\/links\/(\d+)(?:\/(\d+))?$/,
    ({ response }, [n, at]) => {
      const links = Array.from({ length: Math.min(Number(n), 256) }, (_, i) =>
        String(i) === at ? String(i) : `<a href="/links/${n}/${i}">${i}</a>`,
      );
      text(response, page('Links', links.join(' ')), 'text/html; charset=utf-8');
    },
  ],
  [
    /^\/forms\/post$/,
    ({ response }) =>
      text(
        response,
        page(
          'Form',
          '<form method="post" action="/post"><input name="custname"><button>Submit</button></form>',
        ),
        'text/html; charset=utf-8',
      ),
  ],
];

function page(title, body) {
  return `<!DOCTYPE html>\n<html>\n<head><title>${title}</title></head>\n<body>\n<h1>${title}</h1>\n${body}\n</body>\n</html>\n`;
}

async function handle(incoming, response) {
  const url = new URL(incoming.url, 'http://service');
  const chunks = [];
  for await (const chunk of incoming) chunks.push(chunk);
  if (incoming.method === 'OPTIONS') {
    response.writeHead(200, {
      allow: 'GET, POST, HEAD, OPTIONS, PUT, PATCH, DELETE',
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET, POST, HEAD, PUT, DELETE, PATCH, OPTIONS',
      'access-control-max-age': '3600',
    });
    return response.end();
  }
  for (const [pattern, handler] of routes) {
    const match = pattern.exec(url.pathname);
    if (match)
      return handler(
        { incoming, response, url, body: Buffer.concat(chunks) },
        match.slice(1).map((part) => part && decodeURIComponent(part)),
      );
  }
  json(response, { status_code: 404, error: 'Not Found' }, 404);
}

const server = createServer((incoming, response) => {
  handle(incoming, response).catch((error) => {
    if (response.headersSent) response.destroy();
    else json(response, { status_code: 500, error: error.message }, 500);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(port, () => process.stdout.write(`httpbin listens on ${port}\n`));
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
  });
}
