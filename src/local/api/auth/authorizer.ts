import { type ApiObject, asList, asObject, type Fields } from '../object.ts';
import type { Store } from '../store/store.ts';

/** The part of a user that authorization looks at. */
export interface Subject {
  readonly username: string;
  readonly groups: readonly string[];
}

/** What someone wants to do. `resource` may be `pods/log`. */
export interface Attributes {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly name?: string;
  readonly namespace?: string;
  /** Set instead of a resource for other URLs. */
  readonly path?: string;
}

interface Rule {
  readonly verbs?: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}

const rbac = 'rbac.authorization.k8s.io';

/** RBAC over the stored Roles and Bindings. `system:masters` may do everything; everyone authenticated may look at discovery and ask about themselves. */
export class Authorizer {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  allows(subject: Subject, wanted: Attributes): boolean {
    if (subject.groups.includes('system:masters')) return true;
    if (isPublic(wanted, subject)) return true;
    return this.#rulesFor(subject, wanted.namespace).some((rule) => permits(rule, wanted));
  }

  /** The status of a SubjectAccessReview. */
  review(subject: Subject, spec: Fields, namespace: string | undefined): Fields {
    const resource = asObject(spec['resourceAttributes']);
    const other = asObject(spec['nonResourceAttributes']);
    const text = (fields: Fields | undefined, key: string) => fields?.[key] as string | undefined;
    const subresource = text(resource, 'subresource');
    const within = text(resource, 'namespace') ?? namespace;
    const name = text(resource, 'name');
    const path = text(other, 'path');
    const allowed = this.allows(subject, {
      verb: text(resource, 'verb') ?? text(other, 'verb') ?? '',
      group: text(resource, 'group') ?? '',
      resource: `${text(resource, 'resource') ?? ''}${subresource ? `/${subresource}` : ''}`,
      ...(name ? { name } : {}),
      ...(within ? { namespace: within } : {}),
      ...(path ? { path } : {}),
    });
    return { allowed };
  }

  /** The status of a SelfSubjectRulesReview. */
  rulesOf(subject: Subject, namespace: string): Fields {
    const all: Rule[] = subject.groups.includes('system:masters')
      ? [
          { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
          { verbs: ['*'], nonResourceURLs: ['*'] },
        ]
      : this.#rulesFor(subject, namespace);
    return {
      resourceRules: all.filter((rule) => rule.resources !== undefined),
      nonResourceRules: all.filter((rule) => rule.nonResourceURLs !== undefined),
      incomplete: false,
    };
  }

  #rulesFor(subject: Subject, namespace: string | undefined): Rule[] {
    const rules = this.#bound('clusterrolebindings', undefined, subject);
    if (namespace !== undefined && namespace !== '')
      rules.push(...this.#bound('rolebindings', namespace, subject));
    return rules;
  }

  #bound(plural: string, namespace: string | undefined, subject: Subject): Rule[] {
    const found: Rule[] = [];
    for (const { object } of this.#store.table(`${rbac}/${plural}`).list(namespace)) {
      if (!asList(object['subjects']).some((one) => isSubject(one as Fields, subject, namespace))) continue;
      const role = asObject(object['roleRef']) ?? {};
      found.push(...this.#roleRules(String(role['kind']), String(role['name']), namespace));
    }
    return found;
  }

  #roleRules(kind: string, name: string, namespace: string | undefined): Rule[] {
    const role =
      kind === 'ClusterRole'
        ? this.#store.table(`${rbac}/clusterroles`).get(name)?.object
        : this.#store.table(`${rbac}/roles`).get(`${namespace}/${name}`)?.object;
    return role === undefined ? [] : rulesIn(role);
  }
}

function rulesIn(role: Readonly<ApiObject>): Rule[] {
  return asList(role['rules']) as Rule[];
}

function isSubject(bound: Fields, subject: Subject, namespace: string | undefined): boolean {
  switch (bound['kind']) {
    case 'User':
      return bound['name'] === subject.username;
    case 'Group':
      return subject.groups.includes(bound['name'] as string);
    default:
      return `system:serviceaccount:${bound['namespace'] ?? namespace}:${bound['name']}` === subject.username;
  }
}

const publicPaths = ['/healthz', '/livez', '/readyz', '/version', '/version/'];
const discoveryPaths = ['/api', '/apis', '/openapi', '/openid', '/.well-known'];
const selfReviews = ['selfsubjectaccessreviews', 'selfsubjectrulesreviews', 'selfsubjectreviews'];

function isPublic({ path, resource, verb }: Attributes, { groups }: Subject): boolean {
  const known = groups.includes('system:authenticated');
  if (path !== undefined) {
    if (publicPaths.some((one) => path === one || path.startsWith(`${one}/`))) return true;
    return known && discoveryPaths.some((one) => path === one || path.startsWith(`${one}/`));
  }
  return known && verb === 'create' && selfReviews.includes(resource);
}

function permits(rule: Rule, wanted: Attributes): boolean {
  if (!matches(rule.verbs, wanted.verb)) return false;
  if (wanted.path !== undefined) {
    return (rule.nonResourceURLs ?? []).some((url) =>
      url.endsWith('*') ? wanted.path?.startsWith(url.slice(0, -1)) : url === wanted.path,
    );
  }
  if (!matches(rule.apiGroups, wanted.group)) return false;
  const [, subresource] = wanted.resource.split('/');
  const named =
    matches(rule.resources, wanted.resource) ||
    (subresource !== undefined && rule.resources?.includes(`*/${subresource}`));
  if (!named) return false;
  const names = rule.resourceNames ?? [];
  return names.length === 0 || (wanted.name !== undefined && names.includes(wanted.name));
}

function matches(allowed: readonly string[] | undefined, wanted: string): boolean {
  return allowed?.includes('*') === true || allowed?.includes(wanted) === true;
}
