import type { ContainerUser } from './launch-script.ts';
import type { Container, PodSpec } from './pod-spec.ts';

/** What an unprivileged container may do, as container runtimes grant it. */
const defaultCapabilities = [
  'chown',
  'dac_override',
  'fowner',
  'fsetid',
  'kill',
  'setgid',
  'setuid',
  'setpcap',
  'net_bind_service',
  'net_raw',
  'sys_chroot',
  'mknod',
  'audit_write',
  'setfcap',
];

/**
 * The user a container runs as: the container's security context, then the pod's, then the image's. An error text instead when
 * `runAsNonRoot` forbids the outcome (kubelet's words).
 */
export function containerUser(
  spec: PodSpec,
  container: Container,
  imageUser: number | undefined,
): ContainerUser | { error: string } {
  const own = container.securityContext ?? {};
  const shared = spec.securityContext ?? {};
  const uid = own.runAsUser ?? shared.runAsUser ?? imageUser ?? 0;
  if ((own.runAsNonRoot ?? shared.runAsNonRoot) === true && uid === 0) {
    const chosen = own.runAsUser ?? shared.runAsUser;
    return {
      error:
        chosen === undefined
          ? `container has runAsNonRoot and image will run as root (container: "${container.name}")`
          : `container's runAsUser breaks non-root policy (container: "${container.name}")`,
    };
  }
  const gid =
    own.runAsGroup ??
    shared.runAsGroup ??
    (own.runAsUser === undefined && shared.runAsUser === undefined ? uid : 0);
  const groups = [
    ...(shared.supplementalGroups ?? []),
    ...(shared.fsGroup === undefined ? [] : [shared.fsGroup]),
  ];
  return {
    uid,
    gid,
    groups: [...new Set(groups)],
    capabilities: own.privileged === true ? 'all' : capabilities(own.capabilities),
    noNewPrivileges: own.allowPrivilegeEscalation === false,
  };
}

function capabilities(asked: { add?: readonly string[]; drop?: readonly string[] } | undefined): string[] {
  const plain = (name: string) => name.toLowerCase().replace(/^cap_/, '');
  const add = (asked?.add ?? []).map(plain);
  const drop = (asked?.drop ?? []).map(plain);
  if (add.includes('all')) return ['all'];
  const kept = drop.includes('all') ? [] : defaultCapabilities.filter((name) => !drop.includes(name));
  return [...new Set([...kept, ...add])];
}
