import type { Logger } from '../base/log.ts';
import { type InjectionConfig, injectPod, type Pod } from '../inject/index.ts';
import type { AdmissionHandler } from './admission.ts';

/** Answers `/inject`: the sidecar as a patch, nothing for pods that get none, a refusal for settings that cannot be honoured. */
export function injectHandler(config: () => InjectionConfig | undefined, log: Logger): AdmissionHandler {
  return (request) => {
    const current = config();
    if (current === undefined) {
      const message =
        'the injector has not read its settings yet: is ConfigMap istio-sidecar-injector there?';
      return { allowed: false, message, code: 503 };
    }
    if (request.object?.kind !== 'Pod') return { allowed: true };
    const pod = request.object as unknown as Pod;
    const namespace = request.namespace ?? pod.metadata.namespace ?? 'default';
    const name = `${namespace}/${pod.metadata.name ?? pod.metadata.generateName ?? ''}`;
    const result = injectPod(pod, { namespace }, current);
    switch (result.kind) {
      case 'injected':
        log.info('sidecar injected', { pod: name });
        return { allowed: true, patch: result.patch };
      case 'skipped':
        log.debug('no sidecar injected', { pod: name, reason: result.reason });
        return { allowed: true };
      case 'refused':
        log.warn('injection refused', { pod: name, reason: result.message });
        return { allowed: false, message: result.message };
    }
  };
}
