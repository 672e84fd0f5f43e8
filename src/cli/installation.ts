import type { KubeObject } from '../api/object.ts';
import { errorMessage } from '../base/log.ts';
import { applyObject } from '../kube/apply-object.ts';
import type { KubeClient } from '../kube/client.ts';
import { describe, keyOf, resources } from '../kube/resource.ts';
import { ResourceMapper } from '../kube/resource-mapper.ts';
import { isAlreadyExists, isNotFound } from '../kube/status-error.ts';
import { Applier, failureText, removeObjects } from '../operator/apply-plan.ts';
import { healthOf, podTrouble } from '../operator/health.ts';
import { listOwned } from '../operator/owned-objects.ts';
import {
  fieldManager,
  ignoreAnnotation,
  iopApiVersion,
  iopResource,
  type Owner,
  owned,
} from '../operator/ownership.ts';
import type { JsonMap } from '../render/json.ts';
import type { Library } from '../render/library.ts';
import { objectsOf, type RenderedComponent, type Rendering } from '../render/render.ts';
import type { Progress } from './progress.ts';
import { waitUntil } from './wait.ts';

export interface InstallationOptions {
  readonly client: KubeClient;
  readonly library: Library;
  readonly rendering: Rendering;
  /** The user's words, kept in the cluster for later commands. */
  readonly spec: JsonMap;
  readonly progress: Progress;
  readonly readyTimeoutMs: number;
  readonly dryRun: boolean;
}

/** An IstioOperator that istioctl leaves behind: what was installed, by whom the objects are owned. The operator does not act on it. */
export function stateName(revision: string): string {
  return revision === 'default' ? 'installed-state' : `installed-state-${revision}`;
}

/** Applies a rendering, waits until it works and prunes what an earlier installation had besides. Throws with all that failed. */
export async function installMesh(options: InstallationOptions): Promise<void> {
  const { client, rendering, progress, dryRun } = options;
  const mapper = new ResourceMapper(client);
  if (dryRun) return checkOnly(options, mapper);
  await ensureNamespaces(client, rendering);
  const owner = await recordState(options);
  const applier = new Applier(client, mapper);
  const titles = rendering.components.map(({ info }) => info.title).join(', ');
  progress.working(`Processing resources for ${titles}.`);
  const failures: string[] = [];
  const pending: { component: RenderedComponent; live: KubeObject[] }[] = [];
  for (const component of rendering.components) {
    const result = await applier.apply(component.objects.map((object) => owned(object, owner)));
    pending.push({ component, live: result.live });
    if (result.failures.length > 0) {
      failures.push(failureText(result.failures));
      progress.failed(`${component.info.title} encountered an error: ${failureText(result.failures)}`);
    }
  }
  if (failures.length === 0) failures.push(...(await waitReady(options, mapper, pending)));
  if (failures.length > 0) throw new Error(`failed to install manifests: ${failures.join('; ')}`);
  await prune(options, owner);
}

/** Sends everything as a server-side dry run. */
async function checkOnly(
  { client, rendering, progress }: InstallationOptions,
  mapper: ResourceMapper,
): Promise<void> {
  const failures: string[] = [];
  for (const object of objectsOf(rendering)) {
    try {
      const resource = await mapper.resourceOf(object.apiVersion, object.kind);
      await applyObject(client, resource, object, { fieldManager, dryRun: true });
    } catch (failure) {
      // In a namespace that the installation would make first.
      if (!isNotFound(failure)) failures.push(`${describe(object)}: ${errorMessage(failure)}`);
    }
  }
  if (failures.length > 0) throw new Error(failures.join('; '));
  progress.working('Dry run: nothing was changed');
}

async function ensureNamespaces(client: KubeClient, rendering: Rendering): Promise<void> {
  const objects = objectsOf(rendering);
  const made = objects.filter((object) => object.kind === 'Namespace').map((object) => object.metadata.name);
  for (const name of new Set([
    rendering.namespace,
    ...objects.flatMap((object) => object.metadata.namespace ?? []),
  ])) {
    if (made.includes(name)) continue;
    await client
      .create(resources.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
      .catch((failure: unknown) => {
        if (!isAlreadyExists(failure)) throw failure;
      });
  }
}

async function recordState({ client, library, rendering, spec }: InstallationOptions): Promise<Owner> {
  const crd = library.crds.find(
    (object) => object.metadata.name === `${iopResource.plural}.${iopResource.group}`,
  );
  if (crd !== undefined)
    await applyObject(client, resources.customResourceDefinitions, labelledCrd(crd), { fieldManager });
  const name = stateName(rendering.revision);
  const state = {
    apiVersion: iopApiVersion,
    kind: 'IstioOperator',
    metadata: { name, namespace: rendering.namespace, annotations: { [ignoreAnnotation]: 'true' } },
    spec: { ...spec, profile: rendering.profile },
  };
  // A CRD takes a moment until it is served.
  const stored = await waitUntil(30_000, async () => {
    try {
      return await client.apply(iopResource, state, { fieldManager: 'istioctl', force: true });
    } catch (failure) {
      if (isNotFound(failure)) return undefined;
      throw failure;
    }
  });
  if (stored === undefined) throw new Error('the IstioOperator CRD is not served within 30s');
  return { name, namespace: rendering.namespace, uid: stored.metadata.uid as string };
}

function labelledCrd(crd: KubeObject): KubeObject {
  const labels = {
    ...crd.metadata.labels,
    'operator.istio.io/component': 'Base',
    'operator.istio.io/managed': 'Reconcile',
  };
  return { ...crd, metadata: { ...crd.metadata, labels } };
}

interface Pending {
  readonly component: RenderedComponent;
  readonly live: KubeObject[];
}

/** Announces each component as it gets ready; resolves with what did not in time. */
async function waitReady(
  options: InstallationOptions,
  mapper: ResourceMapper,
  pending: Pending[],
): Promise<string[]> {
  const { client, progress, readyTimeoutMs } = options;
  let waiting = pending;
  let unready: { object: KubeObject; message: string }[] = [];
  const done = await waitUntil(readyTimeoutMs, async () => {
    const still: Pending[] = [];
    unready = [];
    for (const entry of waiting) {
      const problems = await problemsOf(client, mapper, entry.live);
      unready.push(...problems);
      if (problems.length > 0 || still.length > 0) still.push(entry);
      else progress.succeeded(`${entry.component.info.title} installed ${entry.component.info.icon}`);
    }
    waiting = still;
    if (waiting.length > 0) {
      const titles = waiting.map(({ component }) => component.info.title).join(', ');
      const names = unready.map(({ object }) => describe(object)).join(', ');
      progress.working(`Processing resources for ${titles}. Waiting for ${names}`);
    }
    return waiting.length === 0 ? true : undefined;
  });
  if (done) return [];
  for (const { component } of waiting)
    progress.failed(`${component.info.title} encountered an error: resources not ready`);
  const reasons = await Promise.all(
    unready.map(({ object, message }) => withPodTrouble(client, object, message)),
  );
  return [
    `resources not ready after ${durationText(readyTimeoutMs)}:\n${reasons.map((reason) => `  ${reason}`).join('\n')}`,
  ];
}

async function problemsOf(client: KubeClient, mapper: ResourceMapper, objects: readonly KubeObject[]) {
  const problems: { object: KubeObject; message: string }[] = [];
  for (const object of objects) {
    if (object.kind !== 'Deployment' && object.kind !== 'MutatingWebhookConfiguration') continue;
    const resource = await mapper.resourceOf(object.apiVersion, object.kind);
    const live = await client.get(resource, object.metadata.name, object.metadata.namespace);
    const health = healthOf(live);
    if (!health.ready) problems.push({ object: live, message: health.message });
  }
  return problems;
}

async function withPodTrouble(client: KubeClient, object: KubeObject, message: string): Promise<string> {
  const labels = (object.spec as { selector?: { matchLabels?: Record<string, string> } } | undefined)
    ?.selector?.matchLabels;
  if (object.kind !== 'Deployment' || labels === undefined) return message;
  const labelSelector = Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  const { items } = await client.list(resources.pods, {
    namespace: object.metadata.namespace ?? '',
    labelSelector,
  });
  const trouble = podTrouble(items);
  return trouble === '' ? message : `${message}: ${trouble}`;
}

async function prune({ client, rendering, progress }: InstallationOptions, owner: Owner): Promise<void> {
  const wanted = new Set(objectsOf(rendering).map((object) => `${object.kind}/${keyOf(object)}`));
  const stale = (await listOwned(client, owner.uid)).filter(
    ({ object }) => !wanted.has(`${object.kind}/${keyOf(object)}`),
  );
  progress.working('Pruning removed resources');
  const failures = await removeObjects(client, stale);
  if (failures.length > 0) throw new Error(failureText(failures));
}

/** `5m0s`, as Go prints durations. */
export function durationText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
