import { freeForm, int32, list, oneOfWords, record, rules, type Schema, text } from '../schema/schema.ts';

export const phaseWords = (unspecified: string): Schema =>
  oneOfWords(
    'Where the filter stands: before authentication (AUTHN), before authorization (AUTHZ), before statistics (STATS).',
    [unspecified, 'AUTHN', 'AUTHZ', 'STATS'],
    { fallback: 'at the end, before the router' },
  );

export const priority = int32('Order within a phase, highest first.', { nullable: true, fallback: '0' });

const env = record(
  'EnvVar',
  'A variable of the module.',
  {
    name: text('Name of the variable.', { minLength: 1, maxLength: 256 }),
    valueFrom: oneOfWords('INLINE takes value, HOST the variable of the proxy.', ['INLINE', 'HOST'], {
      fallback: 'INLINE',
    }),
    value: text('Value of the variable.', { maxLength: 2048 }),
  },
  {
    required: ['name'],
    ...rules([
      '(has(self.valueFrom) ? self.valueFrom : "") != "HOST" || !has(self.value)',
      'value may be set only when valueFrom is INLINE',
    ]),
  },
);

const schemes = '["", "http", "https", "oci", "file"]';

/** The fields that say which module runs and how, shared by WasmPlugin and TrafficExtension. */
export const moduleFields: Readonly<Record<string, Schema>> = {
  url: text(
    'Where the module comes from: `oci://`, `http://`, `https://` or `file://`; without a scheme, oci.',
    {
      minLength: 1,
      ...rules([
        `isURL(self) ? url(self).getScheme() in ${schemes} : isURL("http://" + self) && url("http://" + self).getScheme() in ${schemes}`,
        'must be a URL with scheme oci, http, https or file',
      ]),
    },
  ),
  sha256: text('SHA-256 of the module in hex; pins the content.', { pattern: '(^$|^[a-f0-9]{64}$)' }),
  imagePullPolicy: oneOfWords(
    'When the image is asked for again.',
    ['UNSPECIFIED_POLICY', 'IfNotPresent', 'Always'],
    { fallback: 'IfNotPresent; Always for the tag latest' },
  ),
  imagePullSecret: text('Secret of this namespace with the registry credentials.', {
    minLength: 1,
    maxLength: 253,
  }),
  verificationKey: text('Not used.'),
  pluginConfig: freeForm('Configuration passed to the module.'),
  pluginName: text('Name passed to the module, for modules with several roots.', {
    minLength: 1,
    maxLength: 256,
  }),
  failStrategy: oneOfWords(
    'What happens when the module fails: FAIL_CLOSE refuses requests, FAIL_OPEN passes them, FAIL_RELOAD starts it again.',
    ['FAIL_CLOSE', 'FAIL_OPEN', 'FAIL_RELOAD'],
    { fallback: 'FAIL_CLOSE' },
  ),
  vmConfig: record('VmConfig', 'Surroundings of the module.', {
    env: list(env, 'Environment variables of the module.', {
      maxItems: 256,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
    }),
  }),
  type: oneOfWords('Kind of filter.', ['UNSPECIFIED_PLUGIN_TYPE', 'HTTP', 'NETWORK'], { fallback: 'HTTP' }),
};

const port = record(
  'TrafficPortSelector',
  'A port.',
  {
    number: { type: 'integer', description: 'Port number.', minimum: 1, maximum: 65535 },
  },
  { required: ['number'] },
);

export const trafficMatch: Schema = list(
  record('TrafficSelector', 'Traffic the filter sees; all given parts must hold.', {
    mode: oneOfWords(
      'Direction: CLIENT outbound, SERVER inbound.',
      ['UNDEFINED', 'CLIENT', 'SERVER', 'CLIENT_AND_SERVER'],
      { fallback: 'CLIENT_AND_SERVER' },
    ),
    ports: list(port, 'Ports.', {
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['number'],
    }),
  }),
  'Traffic the filter sees; one entry must match.',
  { fallback: 'all traffic' },
);
