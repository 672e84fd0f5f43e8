import { as, map, oneOfWords, record, rules, type Schema } from '../schema/schema.ts';
import { labelSelector } from '../schema/selector.schema.ts';

const mtls = record('MutualTLS', 'Whether callers must use mTLS.', {
  mode: oneOfWords(
    'STRICT takes only mTLS, PERMISSIVE also plain text, DISABLE only plain text; UNSET inherits.',
    ['UNSET', 'DISABLE', 'PERMISSIVE', 'STRICT'],
    { fallback: 'UNSET: inherits; PERMISSIVE at the top' },
  ),
});

export const peerAuthentication: Schema = record(
  'PeerAuthenticationSpec',
  'Whether workloads take plain text, mTLS, or both.',
  {
    selector: as(labelSelector, 'Workloads this applies to.', {
      fallback: 'all of the namespace; in the root namespace, all of the mesh',
    }),
    mtls: as(mtls, 'Setting for all ports.'),
    portLevelMtls: map(mtls, 'Settings of single workload ports, by number; needs a selector.', {
      minProperties: 1,
      ...rules(['self.all(key, 0 < int(key) && int(key) <= 65535)', 'must be a port number, 1 to 65535']),
    }),
  },
  rules([
    'has(self.portLevelMtls) ? (has(self.selector) && has(self.selector.matchLabels) ? self.selector.matchLabels : {}).size() > 0 : true',
    'portLevelMtls needs a selector with labels',
  ]),
);
