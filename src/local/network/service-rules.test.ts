import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AddressPool, addressPlan } from './address-plan.ts';
import { collides } from './leftovers.ts';
import { chainsDiff, type ServiceView, serviceChains } from './service-rules.ts';
import { serviceView } from './service-view.ts';

const reviews = (endpoints: string[], extra: Partial<ServiceView> = {}): ServiceView => ({
  namespace: 'default',
  name: 'reviews',
  clusterIps: ['10.96.1.1'],
  externalIps: [],
  ports: [{ name: 'http', protocol: 'TCP', port: 9080, endpoints }],
  ...extra,
});
const chains = (...services: ServiceView[]) => serviceChains(services, '10.244.0.1');

test('endpoints get equal chances', () => {
  const built = chains(reviews(['10.244.1.1:80', '10.244.1.2:80', '10.244.1.3:80']));
  const service = [...built].find(([name]) => name.startsWith('KUBE-SVC-'))?.[1] ?? [];
  assert.deepEqual(
    service.map((rule) => /probability ([\d.]+)/.exec(rule)?.[1]),
    ['0.3333333333', '0.5000000000', undefined],
  );
});

test('a service without endpoints has no rule, so that connections are refused', () => {
  assert.deepEqual([...chains(reviews([])).keys()], ['KUBE-SERVICES', 'KUBE-NODEPORTS']);
});

test('load balancer addresses and node ports lead to the same chain', () => {
  const service = reviews(['10.244.1.1:80'], { externalIps: ['10.244.255.1'] });
  const port = { ...service.ports[0]!, nodePort: 30080 };
  const built = chains({ ...service, ports: [port] });
  const target = [...built.keys()].find((name) => name.startsWith('KUBE-SVC-'));
  assert.match(
    built.get('KUBE-SERVICES')![1]!,
    new RegExp(`-d 10.244.255.1/32 .*--dport 9080 -j ${target}$`),
  );
  assert.match(built.get('KUBE-NODEPORTS')![0]!, new RegExp(`--dport 30080 -j ${target}$`));
});

test('session affinity remembers the endpoint for its time', () => {
  const built = chains(reviews(['10.244.1.1:80'], { affinitySeconds: 60 }));
  const rules = [...built.values()].flat().join('\n');
  assert.match(rules, /-m recent --name KUBE-SEP-\w+ --rcheck --seconds 60 --reap -j KUBE-SEP-/);
  assert.match(rules, /-m recent --name KUBE-SEP-\w+ --set -m tcp -j DNAT/);
});

test('a change rewrites only the chains that differ', () => {
  const before = chains(
    reviews(['10.244.1.1:80']),
    reviews(['10.244.1.9:80'], { name: 'other', clusterIps: ['10.96.1.2'] }),
  );
  const after = chains(
    reviews(['10.244.1.1:80', '10.244.1.2:80']),
    reviews(['10.244.1.9:80'], { name: 'other', clusterIps: ['10.96.1.2'] }),
  );
  const diff = chainsDiff(before, after)!;
  assert.equal(diff.match(/^:/gm)?.length, 2, 'the service and the new endpoint');
  assert.equal(chainsDiff(after, after), undefined);
  assert.match(chainsDiff(after, before)!, /^-X KUBE-SEP-/m);
});

test('endpoints that still serve while terminating are used when no other is left', () => {
  const service = {
    metadata: { namespace: 'a', name: 'b' },
    spec: { clusterIP: '10.96.0.7', ports: [{ port: 80 }] },
  };
  const slice = (ready: boolean) => ({
    addressType: 'IPv4',
    ports: [{ name: '', port: 8080 }],
    endpoints: [
      { addresses: ['10.244.1.1'], conditions: { ready } },
      { addresses: ['10.244.1.2'], conditions: { ready: false, serving: true, terminating: true } },
    ],
  });
  assert.deepEqual(serviceView(service, [slice(true)])?.ports[0]?.endpoints, ['10.244.1.1:8080']);
  assert.deepEqual(serviceView(service, [slice(false)])?.ports[0]?.endpoints, ['10.244.1.2:8080']);
});

test('a headless service has no packet rules', () => {
  assert.equal(
    serviceView({ metadata: {}, spec: { clusterIP: 'None', clusterIPs: ['None'] } }, []),
    undefined,
  );
});

test('a freed address is the last to be handed out again', () => {
  const pool = new AddressPool('10.244', { from: 1, to: 1 });
  const first = pool.take();
  pool.free(first);
  assert.equal(first, '10.244.1.1');
  assert.equal(pool.take(), '10.244.1.2');
});

test('a full pool says so', () => {
  const pool = new AddressPool('10.244', { from: 1, to: 1 });
  for (let i = 0; i < 254; i++) pool.take();
  assert.throws(() => pool.take(), /no free address/);
});

test("a range that another of the host's networks uses is not taken", () => {
  const plan = addressPlan(0);
  assert.equal(collides(plan, '10.244.0.0/24 dev flannel0 scope link\n'), true);
  assert.equal(collides(plan, 'local 10.96.0.1 dev kube-ipvs0 table local\n'), true);
  assert.equal(
    collides(
      plan,
      '10.244.0.0/16 via 10.244.0.1 dev lateen0 src 10.244.0.2\ndefault via 192.0.2.1 dev eth0\n',
    ),
    false,
  );
});
