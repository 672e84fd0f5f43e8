import type { KubeObject } from '../api/object.ts';
import type { Clock } from '../base/clock.ts';
import { systemClock } from '../base/clock.ts';
import { sha256Hex } from '../base/hash.ts';
import type { KubeClient } from './client.ts';
import { resources } from './resource.ts';
import { isAlreadyExists } from './status-error.ts';

export interface EventInput {
  readonly about: KubeObject;
  readonly type: 'Normal' | 'Warning';
  /** UpperCamelCase. */
  readonly reason: string;
  readonly message: string;
  /** Who says so: `istio-operator`, `istiod`. */
  readonly component: string;
}

/**
 * Writes a core/v1 Event as `kubectl describe` shows it. The name is a hash of what happened, so that saying the same thing again counts
 * up one event instead of filling the namespace. Rejects when the API does; callers decide whether that matters.
 */
export async function recordEvent(
  client: KubeClient,
  event: EventInput,
  clock: Clock = systemClock,
): Promise<void> {
  const { about, type, reason, message, component } = event;
  const { name, uid, namespace = 'default', resourceVersion } = about.metadata;
  const now = new Date(clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
  const id = sha256Hex(`${uid}/${type}/${reason}/${message}/${component}`, 16);
  const eventName = `${name}.${id}`;
  const object: KubeObject = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: eventName, namespace },
    involvedObject: {
      apiVersion: about.apiVersion,
      kind: about.kind,
      name,
      namespace: about.metadata.namespace,
      uid,
      resourceVersion,
    },
    type,
    reason,
    message: message.slice(0, 1024),
    source: { component },
    reportingComponent: component,
    reportingInstance: component,
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
  };
  try {
    await client.create(resources.events, object);
  } catch (failure) {
    if (!isAlreadyExists(failure)) throw failure;
    const old = await client.get(resources.events, eventName, namespace);
    const count = Number(old['count'] ?? 1) + 1;
    await client.patch(resources.events, eventName, 'merge', { count, lastTimestamp: now }, { namespace });
  }
}
