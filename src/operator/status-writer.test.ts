import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger } from '../base/log.ts';
import { FakeClock } from '../base/testing/fake-clock.ts';
import { FakeKubeClient } from '../kube/testing/fake-kube-client.ts';
import { iopResource } from './ownership.ts';
import { failed, type IopStatus } from './status.ts';
import { type Iop, StatusWriter } from './status-writer.ts';

/** A server whose first answer to a status write is slow: later ones would overtake it. */
class SlowClient extends FakeKubeClient {
  #slow = true;
  release: () => void = () => undefined;

  override async patch(...args: Parameters<FakeKubeClient['patch']>) {
    if (this.#slow) {
      this.#slow = false;
      await new Promise<void>((resolve) => {
        this.release = resolve;
      });
    }
    return super.patch(...args);
  }
}

function setUp(generation = 1) {
  const client = new SlowClient();
  client.served.push(iopResource);
  const iop = client.seed(iopResource, {
    apiVersion: 'install.istio.io/v1alpha1',
    kind: 'IstioOperator',
    metadata: { name: 'mesh', namespace: 'istio-system' },
    spec: {},
  }) as Iop;
  iop.metadata.generation = generation;
  const writer = new StatusWriter(client, new FakeClock(), silentLogger);
  const status = () => client.peek(iopResource, 'mesh', 'istio-system')?.status as IopStatus | undefined;
  return { client, iop, writer, status };
}

test('a verdict is not overtaken by the announcement before it', async () => {
  const { client, iop, writer, status } = setUp();
  writer.announce(iop);
  const verdict = writer.write(iop, failed(undefined, 'InvalidSpec', 'wrong', true));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(status(), undefined);
  client.release();
  await verdict;
  assert.equal(status()?.status, 'ERROR');
});

test('an announcement after the verdict of its generation says nothing, and an older generation never writes over a newer', async () => {
  const { client, iop, writer, status } = setUp(2);
  const verdict = writer.write(iop, failed(undefined, 'InvalidSpec', 'wrong', true));
  await new Promise((resolve) => setImmediate(resolve));
  client.release();
  await verdict;
  writer.announce(iop);
  const older = { ...iop, metadata: { ...iop.metadata, generation: 1 } };
  await writer.write(older, failed(undefined, 'InvalidSpec', 'an old verdict', true));
  assert.equal(status()?.message, 'wrong');
  assert.equal(status()?.observedGeneration, 2);
});
