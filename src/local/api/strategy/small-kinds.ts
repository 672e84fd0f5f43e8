import { type FieldError, forbiddenField, invalid, required } from '../field-error.ts';
import { type ApiObject, asList, asObject, type Fields } from '../object.ts';
import { equalJson } from '../schema/json-value.ts';
import type { Strategy } from './strategy.ts';

const dataKey = /^[-._a-zA-Z0-9]+$/;

function checkDataKeys(object: Readonly<ApiObject>, fields: readonly string[], errors: FieldError[]): void {
  for (const field of fields) {
    for (const key of Object.keys(asObject(object[field]) ?? {})) {
      if (dataKey.test(key) && key !== '.' && key !== '..') continue;
      errors.push(
        invalid(
          `${field}[${key}]`,
          key,
          "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
        ),
      );
    }
  }
  const size = fields
    .flatMap((field) => Object.values(asObject(object[field]) ?? {}))
    .reduce<number>((sum, value) => sum + Buffer.byteLength(String(value)), 0);
  if (size > 1024 * 1024 * 1.4) {
    errors.push({
      reason: 'FieldValueTooLong',
      field: fields[0] as string,
      message: 'Too long: may not be more than 1048576 bytes',
    });
  }
}

/** Data that was declared immutable stays as it is. */
function checkImmutable(
  object: Readonly<ApiObject>,
  old: Readonly<ApiObject>,
  fields: readonly string[],
  errors: FieldError[],
): void {
  if (old['immutable'] !== true) return;
  if (object['immutable'] !== true) {
    errors.push(forbiddenField('immutable', 'field is immutable when `immutable` is set'));
  }
  for (const field of fields) {
    if (!equalJson(object[field], old[field])) {
      errors.push(forbiddenField(field, 'field is immutable when `immutable` is set'));
    }
  }
}

export const configStrategy: Strategy = {
  validate: (object, errors) => checkDataKeys(object, ['data', 'binaryData'], errors),
  validateUpdate: (object, old, errors) => checkImmutable(object, old, ['data', 'binaryData'], errors),
};

const requiredSecretKeys: Record<string, string> = {
  'kubernetes.io/dockerconfigjson': '.dockerconfigjson',
  'kubernetes.io/dockercfg': '.dockercfg',
  'kubernetes.io/ssh-auth': 'ssh-privatekey',
};

export const secretStrategy: Strategy = {
  default(object) {
    const text = asObject(object['stringData']);
    if (text !== undefined) {
      const data = { ...asObject(object['data']) } as Fields;
      for (const [key, value] of Object.entries(text))
        data[key] = Buffer.from(String(value)).toString('base64');
      object['data'] = data;
      delete object['stringData'];
    }
  },
  validate(object, errors) {
    checkDataKeys(object, ['data'], errors);
    const data = asObject(object['data']) ?? {};
    const wanted = requiredSecretKeys[String(object['type'])];
    if (wanted !== undefined && data[wanted] === undefined) errors.push(required(`data[${wanted}]`));
    if (object['type'] === 'kubernetes.io/tls') {
      for (const key of ['tls.crt', 'tls.key']) {
        if (data[key] === undefined) errors.push(required(`data[${key}]`));
      }
    }
  },
  validateUpdate(object, old, errors) {
    checkImmutable(object, old, ['data'], errors);
    if (object['type'] !== old['type']) errors.push(invalid('type', object['type'], 'field is immutable'));
  },
};

export const pathNamed: Strategy = { nameRule: 'path' };

export const bindingStrategy: Strategy = {
  nameRule: 'path',
  default(object) {
    for (const subject of asList(object['subjects']) as Fields[]) {
      if (subject['kind'] === 'User' || subject['kind'] === 'Group') {
        subject['apiGroup'] ??= 'rbac.authorization.k8s.io';
      }
    }
  },
  validateUpdate(object, old, errors) {
    if (!equalJson(object['roleRef'], old['roleRef'])) {
      errors.push(invalid('roleRef', object['roleRef'], 'cannot change roleRef'));
    }
  },
};

export const autoscalerStrategy: Strategy = {
  default(object) {
    if (object.apiVersion !== 'autoscaling/v2') return;
    const spec = asObject(object.spec);
    if (spec === undefined) return;
    if (asList(spec['metrics']).length === 0) {
      spec['metrics'] = [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
        },
      ];
    }
  },
  validate(object, errors) {
    const spec = asObject(object.spec) ?? {};
    const least = spec['minReplicas'] as number;
    const most = spec['maxReplicas'] as number;
    if (least < 1) {
      errors.push(invalid('spec.minReplicas', least, 'must be greater than or equal to 1'));
    }
    if (most < 1) errors.push(invalid('spec.maxReplicas', most, 'must be greater than 0'));
    if (most < least) {
      errors.push(invalid('spec.maxReplicas', most, 'must be greater than or equal to `minReplicas`'));
    }
  },
};

export const networkPolicyStrategy: Strategy = {
  default(object) {
    const spec = asObject(object.spec);
    if (spec === undefined || spec['policyTypes'] !== undefined) return;
    spec['policyTypes'] = asList(spec['egress']).length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
  },
};

export const endpointSliceStrategy: Strategy = {
  validateUpdate(object, old, errors) {
    if (object['addressType'] !== old['addressType']) {
      errors.push(invalid('addressType', object['addressType'], 'field is immutable'));
    }
  },
};

export const webhookStrategy: Strategy = {
  validate(object, errors) {
    (asList(object['webhooks']) as Fields[]).forEach((hook, i) => {
      const at = `webhooks[${i}]`;
      const client = asObject(hook['clientConfig']) ?? {};
      if ((client['url'] === undefined) === (client['service'] === undefined)) {
        errors.push(required(`${at}.clientConfig`, 'exactly one of url or service is required'));
      }
      if (String(hook['name'] ?? '').split('.').length < 3) {
        errors.push(
          invalid(
            `${at}.name`,
            hook['name'],
            'should be a domain with at least three segments separated by dots',
          ),
        );
      }
      const timeout = hook['timeoutSeconds'];
      if (typeof timeout === 'number' && (timeout < 1 || timeout > 30)) {
        errors.push(
          invalid(`${at}.timeoutSeconds`, timeout, 'the timeout value must be between 1 and 30 seconds'),
        );
      }
      checkWebhookRules(asList(hook['rules']) as Fields[], `${at}.rules`, errors);
    });
  },
};

function checkWebhookRules(rules: readonly Fields[], path: string, errors: FieldError[]): void {
  rules.forEach((rule, i) => {
    for (const field of ['operations', 'apiGroups', 'apiVersions', 'resources']) {
      if (asList(rule[field]).length === 0) errors.push(required(`${path}[${i}].${field}`));
    }
  });
}

export const csrStrategy: Strategy = {
  prepareCreate(object, _core, request) {
    const spec = asObject(object.spec) ?? {};
    Object.assign(spec, { username: request.user.username, groups: [...request.user.groups] });
  },
};
