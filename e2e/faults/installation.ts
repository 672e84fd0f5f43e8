import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { eventually } from '../cluster/run.ts';
import { type Fixture, istioSystem, meshOperator } from './fixture.ts';

/** Wrong installations: each is refused with the field and the cure, and disturbs nothing. */
export async function installationFaults(t: TestContext, mesh: Fixture): Promise<void> {
  const { shell } = mesh;
  const folder = mkdtempSync(join(tmpdir(), 'lateen-faults-'));
  t.after(() => rmSync(folder, { recursive: true }));
  /** What `istioctl install` says of a spec it must refuse before it touches anything. */
  const install = async (spec: object): Promise<string> => {
    const file = join(folder, 'operator.json');
    writeFileSync(file, JSON.stringify(meshOperator(spec)));
    return failure(['install', '-y', '-f', file]);
  };
  const failure = async (args: string[]): Promise<string> => {
    await assert.rejects(shell.istioctl(...args), (thrown: Error) => {
      said = thrown.message;
      return true;
    });
    return said;
  };
  let said = '';

  await t.test('an unknown profile is named, with the ones there are', async () => {
    const cure = /spec\.profile: there is no profile "demoo"; did you mean demo\? \(there are .*minimal/;
    assert.match(await failure(['install', '--set', 'profile=demoo', '-y']), cure);
    await mesh.apply(meshOperator({ profile: 'demoo', revision: 'bad' }, 'bad'));
    const { status } = await mesh.until('status', 'istiooperator', 'bad', istioSystem, (found) =>
      Boolean(found.status?.status === 'ERROR'),
    );
    assert.match(status?.message ?? '', cure);
    assert.equal(status?.conditions?.find(({ type }) => type === 'Stalled')?.status, 'True');
    await eventually('an event tells it', 10_000, async () =>
      cure.test(await eventsOf(mesh, istioSystem, 'bad')) ? true : undefined,
    );
  });

  await t.test('a corrected profile is taken up, and the object can go', async () => {
    await mesh.apply(meshOperator({ profile: 'empty', revision: 'bad' }, 'bad'));
    await mesh.until(
      'healthy',
      'istiooperator',
      'bad',
      istioSystem,
      ({ status }) => status?.status === 'HEALTHY',
    );
    await shell.kubectl('delete', 'istiooperator', 'bad', '-n', istioSystem, '--timeout=30s');
  });

  await t.test('an unknown component is named', async () => {
    const spec = { profile: 'minimal', components: { pilott: { enabled: true } } };
    assert.match(
      await install(spec),
      /spec\.components\.pilott: unknown field "pilott"; did you mean pilot\?/,
    );
    assert.match(await mesh.refused(meshOperator(spec, 'bad')), /unknown field "spec\.components\.pilott"/);
  });

  await t.test('a misspelt field is named', async () => {
    const spec = { profile: 'minimal', components: { pilot: { k8s: { replicaCont: 2 } } } };
    const field = 'spec\\.components\\.pilot\\.k8s\\.replicaCont';
    assert.match(await install(spec), new RegExp(`${field}: unknown field .*did you mean replicaCount\\?`));
    assert.match(await mesh.refused(meshOperator(spec, 'bad')), new RegExp(`unknown field "${field}"`));
  });

  await t.test('a misspelt mesh setting is named by istioctl and in the status', async () => {
    const spec = { profile: 'empty', revision: 'bad', meshConfig: { accessLogFil: '/dev/stdout' } };
    const cure = /spec\.meshConfig\.accessLogFil: unknown field "accessLogFil"; did you mean accessLogFile\?/;
    assert.match(await install(spec), cure);
    await mesh.apply(meshOperator(spec, 'bad'));
    await mesh.until('the status tells it', 'istiooperator', 'bad', istioSystem, ({ status }) =>
      cure.test(status?.message ?? ''),
    );
    await shell.kubectl('delete', 'istiooperator', 'bad', '-n', istioSystem, '--timeout=30s');
  });

  await t.test('a wrong type is named', async () => {
    const spec = { profile: 'minimal', components: { pilot: { k8s: { replicaCount: 'many' } } } };
    const field = /spec\.components\.pilot\.k8s\.replicaCount/;
    assert.match(await install(spec), field);
    assert.match(said, /must be a whole number, not the text "many"/);
    const answer = await mesh.refused(meshOperator(spec, 'bad'));
    assert.match(answer, field);
    assert.match(answer, /must be of type integer: "string"/);
  });

  await t.test('nothing of it disturbed the mesh', async () => {
    await mesh.healthy();
    await mesh.serves('v1');
  });

  await t.test(
    'an image with no local command is named with its cure, and the mesh keeps running',
    async () => {
      await mesh.underTraffic(async () => {
        await mesh.apply(
          meshOperator({ profile: 'demo', values: { pilot: { image: 'example.invalid/nobody/knows' } } }),
        );
        await eventually('a pod tells it', 30_000, async () => {
          const message = await shell.kubectl(
            ...['get', 'pods', '-n', istioSystem, '-o'],
            'jsonpath={.items[*].status.containerStatuses[*].state.waiting}',
          );
          assert.match(message, /ErrImagePull|ImagePullBackOff/);
          assert.match(message, /example\.invalid\/nobody\/knows\S* has no local command.*--image/);
          return true;
        });
      });
    },
  );

  await t.test('an IstioOperator changed while it is reconciled converges to the last word', async () => {
    await mesh.underTraffic(async () => {
      await mesh.apply(meshOperator({ profile: 'demo', components: egress(false) }));
      await mesh.apply(meshOperator({ profile: 'demo', components: egress(true) }));
      await mesh.apply(meshOperator({ profile: 'demo', components: egress(false) }));
      await mesh.healthy();
      await eventually(
        'the egress gateway is gone',
        20_000,
        async () =>
          (await mesh.names('deployment', istioSystem, 'app=istio-egressgateway')).length === 0 || undefined,
      );
    });
    await mesh.apply(meshOperator({ profile: 'demo' }));
    await mesh.healthy();
    assert.equal((await mesh.names('deployment', istioSystem, 'app=istio-egressgateway')).length, 1);
  });
}

const egress = (enabled: boolean) => ({ egressGateways: [{ name: 'istio-egressgateway', enabled }] });

export async function eventsOf(mesh: Fixture, namespace: string, name: string): Promise<string> {
  return mesh.shell.kubectl(
    'get',
    'events',
    '-n',
    namespace,
    '--field-selector',
    `involvedObject.name=${name}`,
  );
}
