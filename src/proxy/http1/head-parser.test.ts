import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeadFacts, parseRequestHead, parseResponseHead, parseTrailers } from './head-parser.ts';

const limits = { maxFields: 100 };
const request = (text: string) => {
  const facts = new HeadFacts();
  return { head: parseRequestHead(text, facts, limits, 'http'), facts };
};

test('a plain request is taken apart', () => {
  const { head } = request(
    'GET /a?b=c HTTP/1.1\r\nHost: example.com:8080\r\nAccept:  text/html \t\r\nX-Empty:\r\n',
  );
  assert.equal(head?.method, 'GET');
  assert.equal(head?.path, '/a?b=c');
  assert.equal(head?.authority, 'example.com:8080');
  assert.deepEqual(head?.headers.fields, ['accept', 'text/html', 'x-empty', '']);
});

const accepted: Record<string, string> = {
  'absolute form': 'GET http://example.com/x HTTP/1.1\r\nHost: other\r\n',
  'authority form of CONNECT': 'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n',
  'asterisk form of OPTIONS': 'OPTIONS * HTTP/1.1\r\nHost: a\r\n',
  'IPv6 host': 'GET / HTTP/1.1\r\nHost: [::1]:80\r\n',
  'an extension method': 'PURGE / HTTP/1.1\r\nHost: a\r\n',
  'bytes above 127 in a value': 'GET / HTTP/1.1\r\nHost: a\r\nX: \xe9\r\n',
  'content-length of zero': 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n',
  'Chunked in capitals': 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: CHUNKED\r\n',
};
for (const [name, text] of Object.entries(accepted)) {
  test(`accepts ${name}`, () => assert.equal(request(text).facts.error, ''));
}

const refused: Record<string, string> = {
  'two host lines': 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n',
  'two equal host lines': 'GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n',
  'no host': 'GET / HTTP/1.1\r\nAccept: x\r\n',
  'an empty host': 'GET / HTTP/1.1\r\nHost:\r\n',
  'a host with userinfo': 'GET / HTTP/1.1\r\nHost: user@a\r\n',
  'a host with a path': 'GET / HTTP/1.1\r\nHost: a/b\r\n',
  'a host with a comma': 'GET / HTTP/1.1\r\nHost: a,b\r\n',
  'a host with a space': 'GET / HTTP/1.1\r\nHost: a b\r\n',
  'userinfo in the absolute form': 'GET http://u@a/ HTTP/1.1\r\nHost: a\r\n',
  'content-length and chunked':
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n',
  'chunked and content-length':
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n',
  'two lengths': 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n',
  'two equal lengths': 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n',
  'a list of lengths': 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n',
  'a signed length': 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n',
  'a negative length': 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n',
  'a hexadecimal length': 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n',
  'a length beyond numbers': 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n',
  'an empty length': 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n',
  'a length with a space inside': 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5 5\r\n',
  'chunked, identity': 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n',
  'gzip, chunked': 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n',
  xchunked: 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n',
  'chunked with a parameter': 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked;x\r\n',
  'an empty transfer-encoding': 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n',
  'two transfer-encodings':
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n',
  'a vertical tab before chunked': 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \x0bchunked\r\n',
  'transfer-encoding in HTTP/1.0': 'POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n',
  'a folded line': 'GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n',
  'a line that starts with white space': 'GET / HTTP/1.1\r\n Host: a\r\n',
  'white space before the colon': 'GET / HTTP/1.1\r\nHost : a\r\n',
  'a tab before the colon': 'GET / HTTP/1.1\r\nHost: a\r\nX\t: b\r\n',
  'a line without colon': 'GET / HTTP/1.1\r\nHost: a\r\nnonsense\r\n',
  'an empty name': 'GET / HTTP/1.1\r\nHost: a\r\n: b\r\n',
  'a name with a parenthesis': 'GET / HTTP/1.1\r\nHost: a\r\nX(y): b\r\n',
  'a name above ASCII': 'GET / HTTP/1.1\r\nHost: a\r\nX\xe9: b\r\n',
  'a bare CR in a value': 'GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n',
  'a bare LF as line end': 'GET / HTTP/1.1\r\nHost: a\nX: b\r\n',
  'a NUL in a value': 'GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n',
  'a control byte in a value': 'GET / HTTP/1.1\r\nHost: a\r\nX: a\x01b\r\n',
  'two spaces in the request line': 'GET  / HTTP/1.1\r\nHost: a\r\n',
  'a space behind the version': 'GET / HTTP/1.1 \r\nHost: a\r\n',
  'a lower-case version': 'GET / http/1.1\r\nHost: a\r\n',
  'no version': 'GET /\r\nHost: a\r\n',
  'a method that is no token': 'G(T / HTTP/1.1\r\nHost: a\r\n',
  'a fragment': 'GET /a#b HTTP/1.1\r\nHost: a\r\n',
  'a path above ASCII': 'GET /\xe9 HTTP/1.1\r\nHost: a\r\n',
  'a relative path': 'GET a HTTP/1.1\r\nHost: a\r\n',
  'an asterisk for GET': 'GET * HTTP/1.1\r\nHost: a\r\n',
  'another scheme': 'GET ftp://a/ HTTP/1.1\r\nHost: a\r\n',
  'CONNECT with a path': 'CONNECT /a HTTP/1.1\r\nHost: a\r\n',
};
for (const [name, text] of Object.entries(refused)) {
  test(`refuses ${name} with 400`, () => {
    const { head, facts } = request(text);
    assert.equal(head, undefined);
    assert.equal(facts.status, 400);
  });
}

for (const version of ['HTTP/1.2', 'HTTP/2.0', 'HTTP/9.9', 'HTTP/0.9']) {
  test(`refuses ${version} with 505`, () =>
    assert.equal(request(`GET / ${version}\r\nHost: a\r\n`).facts.status, 505));
}

test('the 101st field is one too many', () => {
  const fields = (n: number) => `GET / HTTP/1.1\r\nHost: a\r\n${'X: y\r\n'.repeat(n - 1)}`;
  assert.equal(request(fields(100)).facts.error, '');
  assert.equal(request(fields(101)).facts.status, 431);
});

test('fields that the connection header names go no further, save those that identify the request', () => {
  const { head } = request(
    'GET / HTTP/1.1\r\nHost: a\r\nX-Hop: 1\r\nCookie: c\r\nConnection: x-hop, cookie\r\nKeep-Alive: 5\r\n',
  );
  assert.deepEqual(head?.headers.fields, ['cookie', 'c']);
});

test('te keeps trailers only', () => {
  const { head } = request('GET / HTTP/1.1\r\nHost: a\r\nTE: gzip, trailers\r\n');
  assert.deepEqual(head?.headers.fields, ['te', 'trailers']);
});

test('an upgrade is one only with the connection option', () => {
  const upgrade = 'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: WebSocket\r\n';
  assert.equal(request(upgrade).head?.protocol, undefined);
  assert.equal(request(`${upgrade}Connection: keep-alive, Upgrade\r\n`).head?.protocol, 'websocket');
});

const badResponses: Record<string, string> = {
  'length and chunked': 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n',
  'two lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n',
  'a status of two digits': 'HTTP/1.1 20 OK\r\n',
  'a status of letters': 'HTTP/1.1 abc OK\r\n',
  'another protocol': 'ICY 200 OK\r\n',
  'a bare LF': 'HTTP/1.1 200 OK\r\nX: a\nY: b\r\n',
};
for (const [name, text] of Object.entries(badResponses)) {
  test(`refuses a response with ${name}`, () => {
    assert.equal(parseResponseHead(text, new HeadFacts(), limits), undefined);
  });
}

test('trailers lose what would change the message', () => {
  const trailers = parseTrailers(
    'X-Sum: 1\r\nContent-Length: 5\r\nHost: b\r\nAuthorization: x\r\n',
    new HeadFacts(),
    limits,
  );
  assert.deepEqual(trailers?.fields, ['x-sum', '1']);
});
