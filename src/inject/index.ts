export { type InjectionConfig, type InjectionInputs, injectionConfig } from './config.ts';
export { injectObject, type ObjectInjection } from './inject-object.ts';
export { type InjectionResult, type InjectionTarget, injectPod } from './inject-pod.ts';
export { type CapturePlan, type CaptureSettings, planCapture } from './iptables.ts';
export type { Pod } from './pod.ts';
export { apiAccessPath } from './proxy-container.ts';
export { proxyAnnotation, proxyName } from './proxy-name.ts';
