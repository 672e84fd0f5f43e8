import type { ApiObject, Fields } from '../object.ts';

const everything = { apiGroups: ['*'], resources: ['*'], verbs: ['*'] };
const read = ['get', 'list', 'watch'];
const write = ['create', 'delete', 'deletecollection', 'patch', 'update'];

const workloads: Fields[] = [
  {
    apiGroups: [''],
    resources: [
      'configmaps',
      'endpoints',
      'events',
      'persistentvolumeclaims',
      'pods',
      'pods/log',
      'pods/status',
      'replicationcontrollers',
      'serviceaccounts',
      'services',
    ],
  },
  {
    apiGroups: ['apps', 'autoscaling', 'batch', 'discovery.k8s.io', 'networking.k8s.io', 'policy'],
    resources: ['*'],
  },
];

const hidden: Fields[] = [
  {
    apiGroups: [''],
    resources: ['secrets', 'pods/exec', 'pods/attach', 'pods/portforward', 'pods/proxy', 'services/proxy'],
  },
];

const roles = [{ apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles', 'rolebindings'] }];

function rules(rows: readonly Fields[], verbs: readonly string[]): Fields[] {
  return rows.map((row) => ({ ...row, verbs }));
}

/** The user-facing ClusterRoles every Kubernetes has, and the administrator's binding. */
export function seedRoles(): ApiObject[] {
  const both = [...read, ...write];
  return [
    role('cluster-admin', [everything, { nonResourceURLs: ['*'], verbs: ['*'] }]),
    role('admin', rules([...workloads, ...hidden, ...roles], both)),
    role('edit', rules([...workloads, ...hidden], both)),
    role('view', rules(workloads, read)),
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'cluster-admin', labels },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:masters' }],
    },
  ];
}

const labels = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };

function role(name: string, list: Fields[]): ApiObject {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name, labels },
    rules: list,
  };
}
