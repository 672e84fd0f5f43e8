import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { eventually } from '../cluster/run.ts';
import { type Fixture, reviewsTo, virtualService } from './fixture.ts';
import { eventsOf } from './installation.ts';

/** Wrong rules: the rest keeps working, and the user is told where it is wrong. */
export async function ruleFaults(t: TestContext, mesh: Fixture): Promise<void> {
  const told = async (name: string, reason: string, words: RegExp) => {
    const condition = await mesh.reconciled('virtualservice', name, reason);
    assert.equal(condition.status, 'False');
    assert.match(condition.message, words);
    await eventually(`an event about ${name} tells it`, 10_000, async () => {
      const events = await eventsOf(mesh, 'default', name);
      return events.includes(reason) && words.test(events) ? true : undefined;
    });
  };

  await t.test('an unknown subset leaves the last good rule in force and is told', async () => {
    await mesh.underTraffic(async () => {
      await mesh.route('v9');
      await told('reviews', 'UnknownSubset', /spec\.http\[0\]\.route\[0\]\.destination\.subset.*v9/);
      await mesh.serves('v1');
      await mesh.route('v3');
      await mesh.reconciled('virtualservice', 'reviews', 'Reconciled');
      await mesh.serves('v3');
    });
    await mesh.route('v1');
    await mesh.serves('v1');
  });

  await t.test('an unknown host of one route leaves the others working and is told', async () => {
    const nowhere = { destination: { host: 'nowhere' } };
    const match = [{ headers: { 'end-user': { exact: 'nobody' } } }];
    await mesh.underTraffic(async () => {
      const route = [{ destination: { host: 'details' } }];
      await mesh.shell.kubectl('delete', 'virtualservice', 'details');
      await mesh.apply(virtualService('details', [{ match, route: [nowhere] }, { route }]));
      await told('details', 'UnknownHost', /spec\.http\[0\]\.route\[0\]\.destination\.host.*nowhere/);
      await mesh.serves('v1');
    });
  });

  await t.test('an invalid rule is refused with the field and the reason', async () => {
    const route = [{ destination: { host: 'reviews', subset: 'v1' } }];
    const cases: [object[], RegExp][] = [
      [[{ match: [{ uri: { regex: '(' } }], route }], /spec\.http\[0\]\.match\[0\]\.uri\.regex/],
      [[{ route: [{ destination: {} }] }], /spec\.http\[0\]\.route\[0\]\.destination\.host/],
      [[{ route, timeout: 'soon' }], /spec\.http\[0\]\.timeout/],
      [[{ rout: route }], /spec\.http\[0\]\.rout\b/],
    ];
    for (const [http, field] of cases) {
      const answer = await mesh.refused(virtualService('reviews', http));
      assert.match(answer, field);
      assert.match(answer, /reviews|STDIN/);
    }
    const invalid = await mesh.refused(virtualService('reviews', cases[0]?.[0] ?? []));
    assert.match(invalid, /admission webhook "\S+" denied the request/);
    await mesh.serves('v1');
    await mesh.apply(reviewsTo('v1'));
  });
}
