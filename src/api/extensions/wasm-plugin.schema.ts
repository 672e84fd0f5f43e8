import { as, record, rules, type Schema } from '../schema/schema.ts';
import { labelSelector, onlyOneOf, targetRef, targetRefs } from '../schema/selector.schema.ts';
import { moduleFields, phaseWords, priority, trafficMatch } from './wasm.schema.ts';

export const wasmPlugin: Schema = record(
  'WasmPluginSpec',
  'Adds a WebAssembly filter to proxies.',
  {
    selector: as(labelSelector, 'Workloads this applies to.', {
      fallback: 'all of the namespace; in the root namespace, all of the mesh',
    }),
    targetRef: as(targetRef, 'Former form of targetRefs.'),
    targetRefs,
    ...moduleFields,
    phase: phaseWords('UNSPECIFIED_PHASE'),
    priority,
    match: trafficMatch,
  },
  { required: ['url'], ...rules(onlyOneOf('selector', 'targetRef', 'targetRefs')) },
);
