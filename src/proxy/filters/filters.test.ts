import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import { Compressor, Decompressor } from '../../xds/messages/compression.ts';
import { HttpFault, HttpRbac, LocalRateLimit } from '../../xds/messages/http-filters.ts';
import { CorsPolicy } from '../../xds/messages/route.ts';
import { chooseEncoding } from './accept-encoding.ts';
import { compressor } from './compressor.ts';
import { cors } from './cors.ts';
import { decompressor } from './decompressor.ts';
import { fault } from './fault.ts';
import { grpcWeb } from './grpc-web.ts';
import { localRatelimit } from './local-ratelimit.ts';
import { rbac } from './rbac.ts';
import { configOf, FakeFilterEnvironment, FilterRun } from './testing/filter-run.ts';

const at = (type: string) => `type.googleapis.com/envoy.extensions.compression.${type}`;
const percent = { numerator: 100 };

test('fault: a delay holds the request for its time, then an abort may follow', async () => {
  const env = new FakeFilterEnvironment();
  const config = configOf(HttpFault, {
    delay: { fixed_delay: '5s', percentage: percent },
    abort: { http_status: 503, percentage: percent },
  });
  const run = new FilterRun(fault, config, env);
  assert.equal(run.head(), 'stop');
  assert.equal(env.count('http.test.fault.active_faults'), 1);
  await env.clock.advance(4_999);
  assert.equal(run.replyStatus, 0);
  await env.clock.advance(1);
  assert.equal(run.replyStatus, 503);
  run.destroy();
  assert.equal(env.count('http.test.fault.active_faults'), 0);
  assert.equal(env.count('http.test.fault.aborts_injected'), 1);
});

test('fault: a request that ends during its delay is left alone', async () => {
  const env = new FakeFilterEnvironment();
  const run = new FilterRun(
    fault,
    configOf(HttpFault, { delay: { fixed_delay: '5s', percentage: percent } }),
    env,
  );
  run.head();
  run.destroy();
  await env.clock.advance(10_000);
  assert.equal(run.continued, 0);
  assert.equal(env.clock.pending, 0);
});

test('fault: without a percentage nothing happens, and the share decides by chance', () => {
  const env = new FakeFilterEnvironment();
  assert.equal(
    new FilterRun(fault, configOf(HttpFault, { abort: { http_status: 500 } }), env).head(),
    'continue',
  );
  const half = configOf(HttpFault, { abort: { http_status: 500, percentage: { numerator: 50 } } });
  // 2^32 × chance, modulo 100, falls below or above 50.
  env.chance = 10 / 2 ** 32;
  assert.equal(new FilterRun(fault, half, env).head(), 'stop');
  env.chance = 60 / 2 ** 32;
  assert.equal(new FilterRun(fault, half, env).head(), 'continue');
});

test('fault: more faults at once than allowed are counted and skipped', () => {
  const env = new FakeFilterEnvironment();
  const config = configOf(HttpFault, {
    delay: { fixed_delay: '5s', percentage: percent },
    max_active_faults: 1,
  });
  const first = new FilterRun(fault, config, env);
  first.head();
  assert.equal(new FilterRun(fault, config, env).head(), 'continue');
  assert.equal(env.count('http.test.fault.faults_overflow'), 1);
});

test('rbac: a refusal names the policy and leaves its mark in metadata', () => {
  const env = new FakeFilterEnvironment();
  const rules = {
    action: 'DENY',
    policies: {
      'ns[x]-policy[y] z': {
        permissions: [{ url_path: { path: { prefix: '/admin' } } }],
        principals: [{ any: true }],
      },
    },
  };
  const run = new FilterRun(rbac, configOf(HttpRbac, { rules }), env, { path: '/admin?x' });
  assert.equal(run.head(), 'stop');
  assert.equal(run.reply?.status, 403);
  assert.equal(run.reply?.details, 'rbac_access_denied_matched_policy[ns[x]-policy[y]_z]');
  assert.deepEqual(run.info.metadata('envoy.filters.http.rbac'), {
    enforced_effective_policy_id: 'ns[x]-policy[y] z',
    enforced_engine_result: 'denied',
  });
  assert.equal(env.count('http.test.rbac.denied'), 1);
});

test('rbac: without rules the filter is not there', () => {
  const env = new FakeFilterEnvironment();
  assert.equal(new FilterRun(rbac, configOf(HttpRbac, {}), env).filter, undefined);
});

test('cors: an allowed origin is echoed, another is not', () => {
  const env = new FakeFilterEnvironment();
  const policy = cors.compileRoute?.(
    configOf(CorsPolicy, { allow_origin_string_match: [{ exact: 'https://a' }], allow_credentials: true }),
    env,
  );
  const answer = (origin: string) => {
    const run = new FilterRun(cors, {}, env, { headers: ['origin', origin] }, [policy]);
    run.head();
    return run.response(200).headers.get('access-control-allow-origin');
  };
  assert.equal(answer('https://a'), 'https://a');
  assert.equal(answer('https://b'), undefined);
});

test('local rate limit: the bucket refills with time', async () => {
  const env = new FakeFilterEnvironment();
  const all = { default_value: { numerator: 100 } };
  const config = configOf(LocalRateLimit, {
    stat_prefix: 's',
    token_bucket: { max_tokens: 1, fill_interval: '10s' },
    filter_enabled: all,
    filter_enforced: all,
  });
  const factory = localRatelimit.compile('filter', config, env);
  const once = () => {
    const run = new FilterRun({ compile: () => factory }, config, env);
    run.head();
    return run.reply?.status ?? 200;
  };
  assert.deepEqual([once(), once()], [200, 429]);
  await env.clock.advance(10_000);
  assert.deepEqual([once(), once()], [200, 429]);
  assert.equal(env.count('s.http_local_rate_limit.enforced'), 2);
});

test('accept-encoding: weights, stars and refusals', () => {
  assert.equal(chooseEncoding('gzip', 'gzip'), 'gzip');
  assert.equal(chooseEncoding('br, gzip;q=0.5', 'gzip'), 'gzip');
  assert.equal(chooseEncoding('gzip;q=0', 'gzip'), 'identity');
  assert.equal(chooseEncoding('*', 'gzip'), 'gzip');
  assert.equal(chooseEncoding('identity', 'gzip'), 'identity');
  assert.equal(chooseEncoding('gzip;q=0.1, identity', 'gzip'), 'identity');
});

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 1000 && !condition(); i++) await pause(2);
  assert.ok(condition());
}

test('compressor: what comes out is the body compressed', async () => {
  const env = new FakeFilterEnvironment();
  const library = { name: 'g', typed_config: { '@type': at('gzip.compressor.v3.Gzip') } };
  const run = new FilterRun(compressor, configOf(Compressor, { compressor_library: library }), env, {
    headers: ['accept-encoding', 'gzip'],
  });
  run.head();
  const head = run.response(
    200,
    ['content-length', '100', 'content-type', 'text/plain', 'etag', '"x"'],
    false,
  );
  assert.deepEqual(
    [
      head.headers.get('content-encoding'),
      head.headers.get('content-length'),
      head.headers.get('vary'),
      head.headers.get('etag'),
    ],
    ['gzip', undefined, 'Accept-Encoding', 'W/"x"'],
  );
  assert.equal(run.responseData(Buffer.from('a'.repeat(100)), true), 'watermark');
  await until(() => run.responseContinued > 0 && run.held.length > 0);
  assert.equal(gunzipSync(Buffer.concat(run.held)).toString(), 'a'.repeat(100));
});

test('decompressor: a bomb is cut off, an honest body passes', async () => {
  const env = new FakeFilterEnvironment();
  const library = { name: 'g', typed_config: { '@type': at('gzip.decompressor.v3.Gzip') } };
  const config = configOf(Decompressor, { decompressor_library: library });
  const honest = new FilterRun(decompressor, config, env);
  honest.head();
  honest.response(200, ['content-encoding', 'gzip'], false);
  honest.responseData(gzipSync('hello'), true);
  await until(() => honest.responseContinued > 0 && honest.held.length > 0);
  assert.equal(Buffer.concat(honest.held).toString(), 'hello');
  const bomb = new FilterRun(decompressor, config, env);
  bomb.head();
  bomb.response(200, ['content-encoding', 'gzip'], false);
  bomb.responseData(gzipSync(Buffer.alloc(20_000_000)), true);
  await until(() => bomb.reply !== undefined);
  assert.equal(bomb.reply?.details, 'decompression_failed');
});

test('grpc-web: text requests are decoded, trailers become the last frame', () => {
  const env = new FakeFilterEnvironment();
  const headers = ['content-type', 'application/grpc-web-text', 'accept', 'application/grpc-web-text'];
  const run = new FilterRun(grpcWeb, {}, env, { method: 'POST', headers });
  run.head(false);
  assert.equal(run.request.headers.get('content-type'), 'application/grpc');
  assert.equal((run.data('AAAAAA', false) as Buffer).length, 3);
  assert.deepEqual(run.data('AA', true), Buffer.from([0, 0, 0]));
  const head = run.response(200, ['content-type', 'application/grpc'], false);
  assert.equal(head.headers.get('content-type'), 'application/grpc-web-text+proto');
  assert.equal(run.responseTrailers(['grpc-status', '0']), 'stop');
  const frame = Buffer.from(run.endedWith?.toString() ?? '', 'base64');
  assert.deepEqual([frame[0], frame.subarray(5).toString()], [0x80, 'grpc-status:0\r\n']);
});

test('grpc-web: what is no base64 is refused', () => {
  const run = new FilterRun(grpcWeb, {}, new FakeFilterEnvironment(), {
    method: 'POST',
    headers: ['content-type', 'application/grpc-web-text'],
  });
  run.head(false);
  run.data('!!!!', true);
  assert.equal(run.reply?.status, 400);
});
