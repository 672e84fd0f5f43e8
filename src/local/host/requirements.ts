import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/** Programs the local cluster calls, and the Debian package that brings each. */
const programs: Readonly<Record<string, string>> = {
  ip: 'iproute2',
  'iptables-restore': 'iptables',
  nsenter: 'util-linux',
  unshare: 'util-linux',
  setpriv: 'util-linux',
  mount: 'mount',
  mkfifo: 'coreutils',
};

/** What keeps this machine from running pods, one sentence each with its cure; empty when nothing does. */
export function missingRequirements(host: { uid: number; path: string; platform: string }): string[] {
  if (host.platform !== 'linux') {
    return [
      `pods run as Linux processes and this is ${host.platform}: use a Linux machine or container, or "lateen local up --api-only" for the API alone`,
    ];
  }
  const missing = Object.keys(programs).filter((program) => !onPath(program, host.path));
  const packages = [...new Set(missing.map((program) => programs[program]))];
  const problems: string[] = [];
  if (host.uid !== 0) {
    problems.push(
      'pods need network namespaces, overlay mounts and several user ids, which only root may make: run the same command with sudo, or use --api-only for the API alone',
    );
  }
  if (missing.length > 0) {
    problems.push(
      `${missing.join(', ')} not found: install them with "apt-get install ${packages.join(' ')}" or your system's package manager`,
    );
  }
  return problems;
}

function onPath(program: string, path: string): boolean {
  const folders = [...path.split(':'), '/usr/sbin', '/sbin'];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
