import { as, list, oneOfWords, record, rules, type Schema, text, texts } from '../schema/schema.ts';
import { labelSelector, onlyOneOf, targetRef, targetRefs } from '../schema/selector.schema.ts';

const accounts = (description: string): Schema =>
  list(text('', { maxLength: 320 }), description, { maxItems: 16 });

const source = record(
  'Source',
  'Who calls; all given parts must hold.',
  {
    principals: texts(
      'Identities from the mTLS certificate: `cluster.local/ns/default/sa/sleep`. Needs mTLS.',
    ),
    notPrincipals: texts('Identities that do not match.'),
    requestPrincipals: texts('Identities from the JWT: issuer, slash, subject. `*` means any valid JWT.'),
    notRequestPrincipals: texts('Identities that do not match; `*` means "no valid JWT".'),
    namespaces: texts('Namespaces of the callers, from the mTLS certificate.'),
    notNamespaces: texts('Namespaces that do not match.'),
    serviceAccounts: accounts(
      'Service accounts, as `name` in this namespace or `namespace/name`. Not together with principals or namespaces.',
    ),
    notServiceAccounts: accounts('Service accounts that do not match.'),
    ipBlocks: texts('Addresses or subnets of the peer: the last hop.'),
    notIpBlocks: texts('Addresses or subnets that do not match.'),
    remoteIpBlocks: texts(
      'Addresses or subnets of the original client, from X-Forwarded-For or PROXY protocol.',
    ),
    notRemoteIpBlocks: texts('Addresses or subnets that do not match.'),
    trustDomains: texts('Trust domains of the callers, from the mTLS certificate.'),
    notTrustDomains: texts('Trust domains that do not match.'),
  },
  rules([
    'has(self.serviceAccounts) || has(self.notServiceAccounts) ? !has(self.principals) && !has(self.notPrincipals) && !has(self.namespaces) && !has(self.notNamespaces) : true',
    'serviceAccounts may not be used together with principals or namespaces',
  ]),
);

const operation = record(
  'Operation',
  'What is asked for; all given parts must hold. Values may begin or end with `*`.',
  {
    hosts: texts('Hosts of the request, without regard to case. HTTP only.'),
    notHosts: texts('Hosts that do not match.'),
    ports: texts('Port numbers of the destination, as text.'),
    notPorts: texts('Ports that do not match.'),
    methods: texts('HTTP methods; for gRPC always POST. HTTP only.'),
    notMethods: texts('Methods that do not match.'),
    paths: texts('Paths after normalization; `{*}` stands for one segment, `{**}` for any rest. HTTP only.'),
    notPaths: texts('Paths that do not match.'),
  },
);

const condition = record(
  'Condition',
  'A further condition on an attribute.',
  {
    key: text(
      'Attribute: `request.headers[name]`, `source.ip`, `remote.ip`, `source.namespace`, `source.principal`, `source.serviceAccount`, `source.trustDomain`, `request.auth.principal`, `request.auth.audiences`, `request.auth.presenter`, `request.auth.claims[name]`, `destination.ip`, `destination.port`, `connection.sni`, `experimental.envoy.filters.…[key]`.',
    ),
    values: texts('Values of which one must match.'),
    notValues: texts('Values of which none may match.'),
  },
  { required: ['key'] },
);

const rule = record(
  'Rule',
  'Matches when one of from, one of to and all of when hold; an empty rule matches everything.',
  {
    from: list(
      record('From', 'A caller.', { source: as(source, 'Who calls.') }),
      'Callers of which one must match.',
      {
        maxItems: 512,
      },
    ),
    to: list(
      record('To', 'An operation.', { operation: as(operation, 'What is asked for.') }),
      'Operations of which one must match.',
    ),
    when: list(condition, 'Conditions that must all hold.'),
  },
);

export const authorizationPolicy: Schema = record(
  'AuthorizationPolicySpec',
  'Who may do what at a set of workloads. Checked in the order CUSTOM, DENY, ALLOW; once an ALLOW policy applies to a workload, what none allows is refused.',
  {
    selector: as(labelSelector, 'Workloads this applies to.', {
      fallback: 'all of the namespace; in the root namespace, all of the mesh',
    }),
    targetRef: as(targetRef, 'Former form of targetRefs.'),
    targetRefs,
    rules: list(
      rule,
      'Rules of which one must match. None: never matches, so an ALLOW policy refuses everything.',
      {
        maxItems: 512,
      },
    ),
    action: oneOfWords(
      'What a match means. AUDIT only marks requests; CUSTOM asks the provider.',
      ['ALLOW', 'DENY', 'AUDIT', 'CUSTOM'],
      { fallback: 'ALLOW' },
    ),
    provider: record(
      'AuthorizationExtensionProvider',
      'Extension provider of the mesh that decides; CUSTOM only.',
      {
        name: text('Name of the provider in the mesh configuration.'),
      },
    ),
  },
  rules(onlyOneOf('selector', 'targetRef', 'targetRefs')),
);
