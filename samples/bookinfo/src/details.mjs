// Facts about a book. With ENABLE_EXTERNAL_BOOK_SERVICE they come from a public catalogue.
import { get } from 'node:https';
import { forwardedHeaders, sendJson, serve } from './service.mjs';

const external = process.env.ENABLE_EXTERNAL_BOOK_SERVICE === 'true';
const encrypt = process.env.DO_NOT_ENCRYPT !== 'true';

serve('details', async (incoming, response, url) => {
  if (url.pathname === '/health') return sendJson(response, 200, { status: 'Details is healthy' });
  const match = /^\/details\/(.+)$/.exec(url.pathname);
  if (match === null) return sendJson(response, 404, { error: 'not found' });
  const id = Number(match[1]);
  if (!Number.isInteger(id)) return sendJson(response, 400, { error: 'please provide numeric product id' });
  sendJson(response, 200, external ? await lookUp(id, forwardedHeaders(incoming.headers)) : details(id));
});

function details(id) {
  return {
    id,
    author: 'William Shakespeare',
    year: 1595,
    type: 'paperback',
    pages: 200,
    publisher: 'PublisherA',
    language: 'English',
    'ISBN-10': '1234567890',
    'ISBN-13': '123-1234567890',
  };
}

async function lookUp(id, headers) {
  const request = encrypt ? get : (await import('node:http')).get;
  const options = {
    host: 'www.googleapis.com',
    path: '/books/v1/volumes?q=isbn:0486424618',
    headers,
    timeout: 5000,
  };
  const text = await new Promise((resolve, reject) => {
    const call = request(options, (reply) => {
      let body = '';
      reply.setEncoding('utf8').on('data', (part) => {
        body += part;
      });
      reply.on('end', () => resolve(body));
    });
    call.on('timeout', () => call.destroy(new Error('the book service did not answer')));
    call.on('error', reject);
  });
  const book = JSON.parse(text).items[0].volumeInfo;
  const isbn = (type) => book.industryIdentifiers?.find((entry) => entry.type === type)?.identifier;
  return {
    id,
    author: book.authors?.[0],
    year: book.publishedDate,
    type: book.printType === 'BOOK' ? 'paperback' : 'unknown',
    pages: book.pageCount,
    publisher: book.publisher,
    language: book.language === 'en' ? 'English' : 'unknown',
    'ISBN-10': isbn('ISBN_10'),
    'ISBN-13': isbn('ISBN_13'),
  };
}
