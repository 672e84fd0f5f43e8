import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeaderMap } from '../http/header-map.ts';
import { ResponseFlag } from '../http/response-flag.ts';
import { StreamInfo } from '../http/stream-info.ts';
import { ConnectionInfo } from '../listener/connection.ts';
import { Address } from '../network/address.ts';
import { compileText, type FormatContext, FormatError } from './format.ts';
import { compileJson } from './json-format.ts';
import { compileTime } from './start-time.ts';

function context(): FormatContext {
  const connection = new ConnectionInfo(Address.ip('10.0.0.9', 4000), Address.ip('10.0.0.1', 80));
  const info = new StreamInfo(connection, Date.UTC(2026, 10, 21, 3, 4, 5, 67), 100);
  info.protocol = 11;
  info.responseCode = 503;
  info.setFlag(ResponseFlag.upstreamConnectionFailure | ResponseFlag.upstreamRetryLimitExceeded);
  info.details = 'via upstream';
  info.complete = 112.4;
  info.setMetadata('ns', { a: { b: 'deep' }, n: 7 });
  return {
    info,
    request: {
      method: 'GET',
      scheme: 'http',
      authority: 'a.test',
      path: '/p?q',
      headers: new HeaderMap(['user-agent', 'x"y\u00e9']),
      httpVersion: 11,
    },
    response: { status: 503, headers: new HeaderMap(['x-up', '1']) },
    responseTrailers: undefined,
    localReplyBody: '',
  };
}

const cases: Record<string, string> = {
  '%REQ(:METHOD)% %REQ(X-NONE?:PATH)% %PROTOCOL%': 'GET /p?q HTTP/1.1',
  '%RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_FLAGS_LONG%':
    '503 URX,UF UpstreamRetryLimitExceeded,UpstreamConnectionFailure',
  '%RESPONSE_CODE_DETAILS%': 'via_upstream',
  '%DURATION%': '12',
  '%REQ(:PATH):2%': '/p',
  '%RESP(X-UP)% %RESP(X-NONE)%': '1 -',
  '%DOWNSTREAM_REMOTE_ADDRESS% %DOWNSTREAM_LOCAL_PORT%': '10.0.0.9:4000 80',
  '%DYNAMIC_METADATA(ns:a:b)% %DYNAMIC_METADATA(ns:n)%': 'deep 7',
  '100%%': '100%',
  '%START_TIME%': '2026-11-21T03:04:05.067Z',
  '%START_TIME(%Y/%m/%d %s.%3f)%': '2026/11/21 1795230245.067',
  '%UPSTREAM_HOST%': '-',
};
for (const [format, wanted] of Object.entries(cases)) {
  test(`${format} gives ${wanted}`, () => assert.equal(compileText(format, '-')(context()), wanted));
}

for (const bad of ['%NOPE%', '%REQ%', '%REQ(', '100%', '%ENVIRONMENT(HOME)%']) {
  test(`${bad} is refused`, () => assert.throws(() => compileText(bad, '-'), FormatError));
}

test('JSON keeps numbers, escapes text and writes null for what is absent', () => {
  const render = compileJson(
    {
      code: '%RESPONSE_CODE%',
      agent: '%REQ(USER-AGENT)%',
      none: '%UPSTREAM_HOST%',
      nested: { both: '%PROTOCOL%/%REQ(:METHOD)%' },
    },
    false,
  );
  assert.deepEqual(JSON.parse(render(context())), {
    code: 503,
    agent: 'x"y\ufffd',
    none: null,
    nested: { both: 'HTTP/1.1/GET' },
  });
});

test('JSON leaves absent members out when asked to', () => {
  assert.equal(compileJson({ none: '%UPSTREAM_HOST%', a: 'b' }, true)(context()), '{"a":"b"}\n');
});

test('the text of a second is not kept for another', () => {
  const render = compileTime('');
  assert.equal(render(1000), '1970-01-01T00:00:01.000Z');
  assert.equal(render(1999.9), '1970-01-01T00:00:01.999Z');
  assert.equal(render(2005), '1970-01-01T00:00:02.005Z');
});
