import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Container, ContainerState, Pod, PodSpec } from './pod-spec.ts';
import { type ContainerView, podPhase, podStatus, qosClass } from './pod-status.ts';

const running: ContainerState = { running: { startedAt: '2026-01-01T00:00:00Z' } };
const waiting: ContainerState = { waiting: { reason: 'ContainerCreating' } };
const ended = (exitCode: number): ContainerState => ({
  terminated: { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', startedAt: '', finishedAt: '' },
});

function view(name: string, state: ContainerState, more: Partial<ContainerView> = {}): ContainerView {
  const container = { name, image: 'x', ...more.container } as Container;
  return {
    init: false,
    state,
    lastState: {},
    restartCount: 0,
    started: true,
    ready: true,
    ...more,
    container,
  };
}

function pod(spec: Partial<PodSpec> = {}, status?: Pod['status']): Pod {
  const metadata = { name: 'a', namespace: 'b', generation: 3 };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata,
    spec: { containers: [], ...spec },
    ...(status ? { status } : {}),
  };
}

const status = (of: Pod, containers: ContainerView[]) =>
  podStatus({
    pod: of,
    containers,
    podIp: '10.0.0.1',
    nodeIp: '10.0.0.2',
    networkReady: true,
    now: '2026-01-01T00:01:00Z',
    startTime: '2026-01-01T00:00:00Z',
    ended: false,
  });
const condition = (of: ReturnType<typeof status>, type: string) =>
  of.conditions?.find((c) => c.type === type);
const sidecar = { container: { restartPolicy: 'Always' } as Container, init: true };

test('phases follow the containers and the restart policy', () => {
  const cases: [string, PodSpec['restartPolicy'], ContainerView[]][] = [
    ['Pending', 'Always', [view('a', waiting)]],
    ['Running', 'Always', [view('a', running)]],
    ['Running', 'Always', [view('a', ended(1))]],
    ['Running', 'OnFailure', [view('a', ended(1))]],
    ['Succeeded', 'OnFailure', [view('a', ended(0))]],
    ['Failed', 'Never', [view('a', ended(1)), view('b', ended(0))]],
    ['Running', 'Never', [view('a', ended(1)), view('b', running)]],
    ['Pending', 'Always', [view('i', running, { init: true }), view('a', waiting)]],
    ['Failed', 'Never', [view('i', ended(1), { init: true }), view('a', waiting)]],
    ['Pending', 'Always', [view('s', running, { ...sidecar, started: false }), view('a', waiting)]],
    ['Running', 'Always', [view('s', waiting, sidecar), view('a', running)]],
  ];
  for (const [phase, restartPolicy, containers] of cases) {
    const of = pod(restartPolicy ? { restartPolicy } : {});
    assert.equal(
      podPhase(of, containers),
      phase,
      `${restartPolicy} ${JSON.stringify(containers.map((c) => c.state))}`,
    );
  }
});

test('a pod is ready when its containers and sidecars are, and says which are not', () => {
  const bad = status(pod(), [view('s', running, { ...sidecar, ready: false }), view('a', running)]);
  assert.equal(condition(bad, 'Ready')?.status, 'False');
  assert.equal(condition(bad, 'Ready')?.message, 'containers with unready status: [s]');
  const good = status(pod(), [view('s', running, sidecar), view('a', running)]);
  assert.equal(condition(good, 'Ready')?.status, 'True');
});

test('a readiness gate holds the pod back but not its containers', () => {
  const of = pod({ readinessGates: [{ conditionType: 'example.org/go' }] });
  const made = status(of, [view('a', running)]);
  assert.equal(condition(made, 'ContainersReady')?.status, 'True');
  assert.equal(condition(made, 'Ready')?.reason, 'ReadinessGatesNotReady');
});

test("a transition time stays while the status stays, and others' conditions are kept", () => {
  const conditions = [
    { type: 'Ready', status: 'True' as const, lastTransitionTime: '2025-01-01T00:00:00Z' },
    { type: 'example.org/go', status: 'True' as const },
  ];
  const made = status(pod({}, { conditions }), [view('a', running)]);
  assert.equal(condition(made, 'Ready')?.lastTransitionTime, '2025-01-01T00:00:00Z');
  assert.equal(condition(made, 'example.org/go')?.status, 'True');
});

test('the quality of service follows cpu and memory', () => {
  const of = (resources: Container['resources']) =>
    pod({ containers: [{ name: 'a', image: 'x', ...(resources ? { resources } : {}) }] });
  assert.equal(qosClass(of(undefined)), 'BestEffort');
  assert.equal(qosClass(of({ requests: { cpu: '1' } })), 'Burstable');
  assert.equal(qosClass(of({ limits: { cpu: '1', memory: '1Gi' } })), 'Guaranteed');
});
