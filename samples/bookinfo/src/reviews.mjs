// Two reviews of a book; with ENABLE_RATINGS also their stars, black (v2) or red (v3).
import { hostname } from 'node:os';
import { call, forwardedHeaders, sendJson, serve } from './service.mjs';

const withRatings = process.env.ENABLE_RATINGS === 'true';
const color = process.env.STAR_COLOR || 'black';
const pod = process.env.HOSTNAME || hostname();
const cluster = process.env.CLUSTER_NAME ?? 'null';
const timeoutMs = color === 'black' ? 10_000 : 2500;

const texts = [
  'Two pairs of twins, one town, and not a dull minute between them. Short, loud and very funny.',
  'Great fun on stage, though you will want to draw yourself a map of who is who by the second act.',
];

serve('reviews', async (incoming, response, url) => {
  if (url.pathname === '/health') return sendJson(response, 200, { status: 'Reviews is healthy' });
  const match = /^\/reviews\/([^/]+)$/.exec(url.pathname);
  if (match === null) return sendJson(response, 404, { error: 'not found' });
  const id = match[1];
  const ratings = withRatings ? await fetchRatings(id, incoming.headers) : undefined;
  const reviews = texts.map((text, i) => {
    const reviewer = `Reviewer${i + 1}`;
    return { reviewer, text, ...(withRatings ? { rating: rating(ratings?.[reviewer]) } : {}) };
  });
  sendJson(response, 200, { id, podname: pod, clustername: cluster, reviews });
});

function rating(stars) {
  return stars === undefined || stars === -1
    ? { error: 'Ratings service is currently unavailable' }
    : { stars, color };
}

async function fetchRatings(id, incoming) {
  const { status, body } = await call('ratings', `/ratings/${id}`, forwardedHeaders(incoming), timeoutMs);
  return status === 200 ? body?.ratings : undefined;
}
