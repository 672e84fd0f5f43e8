// The shop's front: a page for people and a small API, both made of details and reviews.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { indexPage, productPage } from './pages.mjs';
import { call, forwardedHeaders, readBody, sendJson, serve } from './service.mjs';

const product = {
  id: 0,
  title: 'The Comedy of Errors',
  descriptionHtml:
    '<a href="https://en.wikipedia.org/wiki/The_Comedy_of_Errors">The Comedy of Errors</a> is among <b>William Shakespeare\'s</b> first plays and his shortest: twins lost at birth, in one town on one day, mistaken for each other by everybody.',
};
const key = process.env.SESSION_KEY || randomBytes(16);
const extraReviewCalls = Math.max(0, Number(process.env.FLOOD_FACTOR ?? 0));
const started = Date.now();
let served = 0;

serve('productpage', async (incoming, response, url) => {
  served++;
  const { pathname } = url;
  const found = /^\/api\/v1\/products\/([^/]+)(?:\/(reviews|ratings))?$/.exec(pathname);
  if (pathname === '/' || pathname === '/index.html') return sendHtml(response, indexPage(peers()));
  if (pathname === '/health') return sendText(response, 'Product page is healthy');
  if (pathname === '/metrics') return sendText(response, metrics());
  if (pathname === '/login' && incoming.method === 'POST') return logIn(incoming, response);
  if (pathname === '/login')
    return redirect(response, '/productpage', cookie(url.searchParams.get('u') ?? ''));
  if (pathname === '/logout') return redirect(response, '/productpage', 'session=; Path=/; Max-Age=0');
  if (pathname === '/productpage') return page(incoming, response);
  if (pathname === '/api/v1/products') return sendJson(response, 200, [product]);
  if (found) return api(found[1], found[2], incoming, response);
  sendJson(response, 404, { error: 'not found' });
});

async function page(incoming, response) {
  const headers = outgoing(incoming);
  for (let i = 0; i < extraReviewCalls; i++) void call('reviews', '/reviews/0', headers, 3000);
  const [details, reviews] = await Promise.all([
    fetchPart(
      'details',
      '/details/0',
      headers,
      'Sorry, product details are currently unavailable for this book.',
    ),
    fetchReviews(headers),
  ]);
  sendHtml(response, productPage({ product, details, reviews, user: user(incoming) }));
}

async function api(id, part, incoming, response) {
  const headers = outgoing(incoming);
  if (part === 'reviews') {
    const { status, body } = await fetchReviews(headers, id);
    return sendJson(response, status, body);
  }
  const answer =
    part === 'ratings'
      ? await fetchPart(
          'ratings',
          `/ratings/${id}`,
          headers,
          'Sorry, product ratings are currently unavailable for this book.',
        )
      : await fetchPart(
          'details',
          `/details/${id}`,
          headers,
          'Sorry, product details are currently unavailable for this book.',
        );
  sendJson(response, answer.status, answer.body);
}

async function fetchPart(service, path, headers, apology) {
  const { status, body } = await call(service, path, headers, 3000);
  return status === 200 ? { status, body } : { status: status || 500, body: { error: apology } };
}

/** Asks twice before it gives up. */
async function fetchReviews(headers, id = '0') {
  const apology = 'Sorry, product reviews are currently unavailable for this book.';
  const first = await fetchPart('reviews', `/reviews/${id}`, headers, apology);
  return first.status === 200 ? first : fetchPart('reviews', `/reviews/${id}`, headers, apology);
}

function outgoing(incoming) {
  const headers = forwardedHeaders(incoming.headers);
  const name = user(incoming);
  return name === '' ? headers : { ...headers, 'end-user': name };
}

/** Anybody may log in, with any password: the name is what rules look at. It is kept in a signed cookie. */
async function logIn(incoming, response) {
  const form = new URLSearchParams(await readBody(incoming));
  const back = incoming.headers.referer ? new URL(incoming.headers.referer).pathname : '/productpage';
  redirect(response, back, cookie(form.get('username') ?? ''));
}

function cookie(name) {
  const value = Buffer.from(name).toString('base64url');
  return `session=${value}.${sign(value)}; Path=/; HttpOnly; SameSite=Lax`;
}

function sign(value) {
  return createHmac('sha256', key).update(value).digest('base64url');
}

function user(incoming) {
  const match = /(?:^|;\s*)session=([^.;]*)\.([^;]*)/.exec(incoming.headers.cookie ?? '');
  if (match === null) return '';
  const expected = Buffer.from(sign(match[1]));
  const given = Buffer.from(match[2]);
  const genuine = expected.length === given.length && timingSafeEqual(expected, given);
  // Replicas with keys of their own would log each other's users out.
  return genuine || process.env.SESSION_KEY === undefined
    ? Buffer.from(match[1], 'base64url').toString('utf8')
    : '';
}

function peers() {
  return ['productpage', 'details', 'reviews', 'ratings'];
}

function metrics() {
  return [
    '# TYPE request_result_total counter',
    `request_result_total{destination_app="productpage",response_code="200"} ${served}`,
    '# TYPE process_start_time_seconds gauge',
    `process_start_time_seconds ${started / 1000}`,
    '',
  ].join('\n');
}

function redirect(response, location, setCookie) {
  response.writeHead(302, { location, 'set-cookie': setCookie, 'content-length': 0 });
  response.end();
}

function sendHtml(response, html) {
  response.writeHead(200, {
    'content-type': 'text/html; charset=utf-8',
    'content-length': Buffer.byteLength(html),
  });
  response.end(html);
}

function sendText(response, text) {
  response.writeHead(200, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}
