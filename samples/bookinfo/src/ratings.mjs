// Stars by reviewer. SERVICE_VERSION also names faulty variants, to try the mesh's fault handling on.
import { readBody, sendJson, serve } from './service.mjs';

const version = process.env.SERVICE_VERSION || 'v1';
const saved = new Map();
const database = process.env.DB_TYPE ?? (version === 'v2' ? 'mongodb' : undefined);
let healthy = true;
let available = true;

if (version === 'v-unavailable') setInterval(() => (available = !available), 60_000).unref();
if (version === 'v-unhealthy') {
  setInterval(() => {
    healthy = !healthy;
    available = healthy;
  }, 15 * 60_000).unref();
}

serve('ratings', async (incoming, response, url) => {
  if (url.pathname === '/health') {
    return healthy
      ? sendJson(response, 200, { status: 'Ratings is healthy' })
      : sendJson(response, 500, { status: 'Ratings is not healthy' });
  }
  const match = /^\/ratings\/(.+)$/.exec(url.pathname);
  if (match === null) return sendJson(response, 404, { error: 'not found' });
  const id = Number(match[1]);
  if (!Number.isInteger(id)) return sendJson(response, 400, { error: 'please provide numeric product ID' });
  if (incoming.method === 'POST') return save(id, await readBody(incoming), response);
  if (database !== undefined) return fromDatabase(response);
  if (!available) return sendJson(response, 503, { error: 'Service unavailable' });
  if (version === 'v-faulty' && Math.random() < 0.5)
    return sendJson(response, 503, { error: 'Service unavailable' });
  if (version === 'v-delayed' && Math.random() < 0.5)
    await new Promise((resolve) => setTimeout(resolve, 7000));
  sendJson(response, 200, { id, ratings: saved.get(id) ?? { Reviewer1: 5, Reviewer2: 4 } });
});

function save(id, text, response) {
  if (database !== undefined)
    return sendJson(response, 501, { error: 'Post not implemented for database backed ratings' });
  try {
    saved.set(id, JSON.parse(text));
  } catch {
    return sendJson(response, 400, { error: 'please provide valid ratings JSON' });
  }
  sendJson(response, 200, { id, ratings: saved.get(id) });
}

function fromDatabase(response) {
  sendJson(response, 500, {
    error: `could not connect to ratings database: this sample has no ${database} client`,
  });
}
