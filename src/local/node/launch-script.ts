/** One bind mount of a container; `source` is a real path of the host. */
export interface BindMount {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
  readonly kind: 'folder' | 'file';
}

/** A file laid over the root before the container starts. */
export interface RootFile {
  readonly path: string;
  readonly content: string;
  readonly executable?: boolean;
}

/** All that is fixed about a container when its process starts. */
export interface ContainerPlan {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly workingDir: string;
  readonly hostname: string;
  readonly user: ContainerUser;
  readonly readOnlyRoot: boolean;
  readonly mounts: readonly BindMount[];
  readonly files: readonly RootFile[];
}

export interface ContainerUser {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  /** Capabilities kept in the bounding set, setpriv's names; `all` for privileged containers. */
  readonly capabilities: readonly string[] | 'all';
  readonly noNewPrivileges: boolean;
}

/** Folders of the host that a container must not see: its own are empty. */
const hidden = ['/tmp', '/run', '/root', '/home'];

/**
 * The shell script that becomes a container's process 1. It runs as root inside fresh mount, pid and UTS namespaces and the pod's network
 * namespace, lays an overlay over the host's root (changes go to a tmpfs that dies with the namespace), mounts /proc, /dev, the volumes,
 * turns the root around and executes the command as the container's user. A line on descriptor 3 tells that all that has succeeded. Its first
 * argument is an empty folder of the host to build the root in.
 */
export function launchScript(plan: ContainerPlan, setpriv: string): string {
  const folders = new Set(plan.files.map(({ path }) => path.slice(0, path.lastIndexOf('/')) || '/'));
  return [
    'trap \'echo "the container could not be prepared" >&2; exit 128\' EXIT',
    'set -e',
    `echo ${quote(plan.hostname)} > /proc/sys/kernel/hostname`,
    'R=$1',
    'mount -t tmpfs -o mode=755 root "$R"',
    `mkdir -p $R/work $R/all ${['/.old', ...folders].map((folder) => `$R/top${quote(folder)}`).join(' ')}`,
    ...plan.files.flatMap((file) => writeFile(file)),
    'mount -t overlay -o lowerdir=/,upperdir=$R/top,workdir=$R/work root $R/all',
    'cd $R/all',
    'mount -t proc proc proc',
    'mount -o rbind,ro /sys sys',
    'mount -t tmpfs -o mode=755,nosuid dev dev',
    'cp -a /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty dev/',
    'mkdir dev/pts dev/shm && chmod 1777 dev/shm && mount --bind /dev/pts dev/pts',
    'ln -s pts/ptmx dev/ptmx && ln -s /proc/self/fd dev/fd',
    'ln -s fd/0 dev/stdin && ln -s fd/1 dev/stdout && ln -s fd/2 dev/stderr',
    ...hidden.map(hide),
    'pivot_root . .old',
    'cd /',
    ...plan.mounts.flatMap(bind),
    ...(plan.readOnlyRoot ? freeze(plan.mounts) : []),
    'umount -l /.old',
    `mkdir -p ${quote(plan.workingDir)} 2>/dev/null || true`,
    `cd ${quote(plan.workingDir)}`,
    'trap - EXIT',
    'echo >&3',
    'exec 3>&-',
    `exec env -i ${environment(plan.env)} ${userArgv(plan.user, setpriv).join(' ')} -- ${plan.argv.map(quote).join(' ')}`,
    '',
  ].join('\n');
}

/** A tmpfs over one of the host's folders; skipped where the host has none. */
function hide(folder: string): string {
  const mode = folder === '/tmp' ? '1777' : '755';
  return `if [ -d .${folder} ]; then mount -t tmpfs -o mode=${mode} none .${folder}; fi`;
}

/** Makes the root and the hidden folders read-only, but not a volume that was mounted over one of them. */
function freeze(mounts: readonly BindMount[]): string[] {
  const folders = hidden.filter((folder) => !mounts.some(({ target }) => target === folder));
  return ['/', ...folders].map(
    (folder) => `if [ -d ${folder} ]; then mount -o remount,bind,ro ${folder}; fi`,
  );
}

function writeFile(file: RootFile): string[] {
  const target = `$R/top${quote(file.path)}`;
  return [
    `printf %s ${quote(file.content)} > ${target}`,
    ...(file.executable ? [`chmod 755 ${target}`] : []),
  ];
}

function bind(mount: BindMount): string[] {
  const target = quote(mount.target);
  const parent = quote(mount.target.slice(0, mount.target.lastIndexOf('/')) || '/');
  const place =
    mount.kind === 'folder'
      ? `mkdir -p ${target}`
      : `mkdir -p ${parent} && { [ -e ${target} ] || : > ${target}; }`;
  return [
    place,
    `mount -o ${mount.readOnly ? 'bind,ro' : 'rbind'} ${quote(`/.old${mount.source}`)} ${target}`,
  ];
}

function environment(env: Readonly<Record<string, string>>): string {
  return Object.entries(env)
    .map(([name, value]) => quote(`${name}=${value}`))
    .join(' ');
}

/** The setpriv command line that turns root into the container's user, for the main process and for exec. */
export function userArgv(user: ContainerUser, setpriv: string): string[] {
  const groups = user.groups.length > 0 ? `--groups=${user.groups.join(',')}` : '--clear-groups';
  const capabilities =
    user.capabilities === 'all'
      ? []
      : [
          '--inh-caps=-all',
          `--bounding-set=${['-all', ...user.capabilities.map((name) => `+${name}`)].join(',')}`,
        ];
  return [
    setpriv,
    `--reuid=${user.uid}`,
    `--regid=${user.gid}`,
    groups,
    ...capabilities,
    ...(user.noNewPrivileges ? ['--no-new-privs'] : []),
  ];
}

/** Single-quotes a word for the shell. */
export function quote(word: string): string {
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
