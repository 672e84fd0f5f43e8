import { decodeIstioOperator } from '../api/install/istio-operator.ts';
import { error, type Issue, warning } from '../base/issue.ts';
import { isMap, type JsonMap, mapAt, textAt } from './json.ts';

/**
 * What a user wrote, in canonical names, and its faults: those of the vocabulary (unknown fields, wrong types, bad values) and those of this
 * renderer (gateways without name, what is accepted but not installed yet).
 */
export function checkSpec(spec: JsonMap): { spec: JsonMap; issues: Issue[] } {
  const decoded = decodeIstioOperator(spec);
  const canonical = decoded.spec as unknown as JsonMap;
  return {
    spec: canonical,
    issues: [...decoded.issues, ...checkGateways(canonical), ...checkAddons(canonical)],
  };
}

function checkGateways(spec: JsonMap): Issue[] {
  return ['ingressGateways', 'egressGateways'].flatMap((key) => {
    const list = mapAt(spec, 'components')[key];
    if (!Array.isArray(list)) return [];
    return list.flatMap((gateway, index) =>
      textAt(gateway, 'name') === ''
        ? [error('MissingField', `spec.components.${key}[${index}].name`, 'a gateway needs a name')]
        : [],
    );
  });
}

function checkAddons(spec: JsonMap): Issue[] {
  return Object.entries(mapAt(spec, 'addonComponents')).flatMap(([key, entry]) =>
    isMap(entry) && entry['enabled'] === true
      ? [
          warning(
            'NotSupportedYet',
            `spec.addonComponents.${key}`,
            `the addon "${key}" is not installed yet; Istio's samples/addons work`,
          ),
        ]
      : [],
  );
}
