import assert from 'node:assert/strict';
import { test } from 'node:test';
import dnsPacket from 'dns-packet';
import { FakeClock } from '../../base/testing/fake-clock.ts';
import type { Fields } from '../api/object.ts';
import { clusterRecords, type DnsSource } from './dns-records.ts';
import { DnsServer } from './dns-server.ts';

const services: Record<string, Fields> = {
  'default/reviews': { spec: { clusterIP: '10.96.4.4', ports: [{ name: 'http', port: 9080 }] } },
  'default/db': { spec: { clusterIP: 'None', ports: [{ name: 'sql', port: 3306 }] } },
  'default/empty': { spec: { clusterIP: 'None' } },
  'default/outside': { spec: { type: 'ExternalName', externalName: 'reviews.default.svc.cluster.local' } },
};
const slices: Record<string, Fields[]> = {
  'default/db': [
    {
      addressType: 'IPv4',
      ports: [{ name: 'sql', port: 3307 }],
      endpoints: [
        { addresses: ['10.244.1.7'], hostname: 'db-0', conditions: { ready: true } },
        { addresses: ['10.244.1.8'], conditions: { ready: false } },
      ],
    },
  ],
};
const source: DnsSource = {
  service: (namespace, name) => services[`${namespace}/${name}`],
  slices: (namespace, name) => slices[`${namespace}/${name}`] ?? [],
};
const ask = (name: string, type = 'A') => clusterRecords(source, `${name}.cluster.local`, type);

test('a service answers with its ClusterIP, whatever the case of the question', () => {
  assert.deepEqual(ask('Reviews.default.SVC'), [{ type: 'A', address: '10.96.4.4' }]);
});

test('a service has no AAAA record but does exist', () => {
  assert.deepEqual(ask('reviews.default.svc', 'AAAA'), []);
});

test('an unknown service does not exist', () => {
  assert.equal(ask('nothing.default.svc'), undefined);
  assert.equal(ask('reviews.other.svc'), undefined);
});

test('a headless service answers with its ready endpoints and their host names', () => {
  assert.deepEqual(ask('db.default.svc'), [{ type: 'A', address: '10.244.1.7' }]);
  assert.deepEqual(ask('db-0.db.default.svc'), [{ type: 'A', address: '10.244.1.7' }]);
  assert.equal(ask('db-1.db.default.svc'), undefined);
  assert.equal(ask('empty.default.svc'), undefined);
});

test('SRV gives the endpoint port of a headless service and the service port of another', () => {
  assert.deepEqual(ask('_sql._tcp.db.default.svc', 'SRV'), [
    { type: 'SRV', target: 'db-0.db.default.svc.cluster.local', port: 3307 },
  ]);
  assert.deepEqual(ask('_http._tcp.reviews.default.svc', 'SRV'), [
    { type: 'SRV', target: 'reviews.default.svc.cluster.local', port: 9080 },
  ]);
});

test('a pod name carries its address', () => {
  assert.deepEqual(ask('10-244-1-7.default.pod'), [{ type: 'A', address: '10.244.1.7' }]);
});

test('the server follows an ExternalName inside the cluster and refuses names outside without an upstream', async () => {
  const server = new DnsServer({ host: '127.0.0.1', source, clock: new FakeClock() });
  const query = (name: string) =>
    dnsPacket.encode({ type: 'query', id: 7, flags: 256, questions: [{ type: 'A', name, class: 'IN' }] });
  const inside = dnsPacket.decode(
    (await server.answer(query('outside.default.svc.cluster.local'))) as Buffer,
  );
  assert.deepEqual(
    inside.answers?.map((answer) => [answer.type, (answer as { data: unknown }).data]),
    [
      ['CNAME', 'reviews.default.svc.cluster.local'],
      ['A', '10.96.4.4'],
    ],
  );
  const outside = dnsPacket.decode((await server.answer(query('example.com'))) as Buffer);
  assert.equal((outside as { rcode?: string }).rcode, 'NXDOMAIN');
});

test('bytes that are no query are dropped', async () => {
  const server = new DnsServer({ host: '127.0.0.1', source, clock: new FakeClock() });
  assert.equal(await server.answer(Buffer.from([1, 2, 3])), undefined);
});
