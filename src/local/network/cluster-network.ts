import { runCommand, tryCommand } from '../host/run-command.ts';
import { type AddressPlan, AddressPool } from './address-plan.ts';

/** A pod's place in the cluster network. */
export interface PodNetwork {
  readonly ip: string;
  /** Name of its network namespace, for `ip netns exec`. */
  readonly namespace: string;
  /** Path of the namespace, for nsenter. */
  readonly path: string;
}

/** The link-local address every pod uses as its gateway: it answers on each pod's link. */
const gateway = '169.254.1.1';

/**
 * The network of one local cluster. Everything lives in a router namespace of its own, so that the host keeps its forwarding and iptables
 * settings and removing the namespace removes all of it:
 *
 *     host ──veth── router namespace (forwarding, iptables) ──veth── pod
 *                                                           ──veth── pod
 *
 * Pods are routed one by one instead of sharing a bridge: every packet crosses the router's iptables, both ways, without br_netfilter.
 */
export class ClusterNetwork {
  readonly plan: AddressPlan;
  readonly #pool: AddressPool;
  #links = 0;

  constructor(plan: AddressPlan) {
    this.plan = plan;
    this.#pool = new AddressPool(plan.podPrefix, { from: 1, to: 253 });
  }

  /** Makes the router namespace and its link to the host. Rejects with a CommandError that names the command and its message. */
  async create(): Promise<void> {
    const { name, nodeIp, hostIp, podCidr, serviceCidr, podPrefix } = this.plan;
    await runCommand(['ip', 'netns', 'add', name]);
    await runCommand(['ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', 'host0', 'netns', name]);
    await this.#ip(undefined, [
      `address add ${hostIp} peer ${nodeIp} dev ${name}`,
      `link set ${name} up`,
      `route add ${podCidr} via ${nodeIp} src ${hostIp}`,
      `route add ${serviceCidr} via ${nodeIp} src ${hostIp}`,
    ]);
    await this.#ip(name, [
      'link set lo up',
      `address add ${nodeIp} peer ${hostIp} dev host0`,
      `address add ${gateway}/32 dev lo`,
      'link set host0 up',
      `route add default via ${hostIp}`,
      // A service without a rule and a pod that is gone are refused at once; they would run in circles otherwise.
      `route add local ${serviceCidr} dev lo`,
      `route add local ${podPrefix}.255.0/24 dev lo`,
      `route add unreachable ${podCidr}`,
    ]);
    const settings = ['ip_forward=1', 'conf.all.rp_filter=0', 'conf.default.rp_filter=0'];
    await this.#sysctl(
      this.path(name),
      settings.map((setting) => `net.ipv4.${setting}`),
    );
  }

  /** Where the node's own processes and hostNetwork pods live. */
  get node(): PodNetwork {
    return { ip: this.plan.nodeIp, namespace: this.plan.name, path: this.path(this.plan.name) };
  }

  /** Makes a pod's namespace with its address and route. `label` tells people whose it is. */
  async attach(label: string, sysctls: readonly string[] = []): Promise<PodNetwork> {
    const { name } = this.plan;
    const ip = this.#pool.take();
    const link = `p${++this.#links}`;
    const namespace = `${name}-${label}`;
    try {
      await this.#ip(undefined, [
        `netns add ${namespace}`,
        `link add ${link} netns ${name} type veth peer name eth0 netns ${namespace}`,
      ]);
      await this.#ip(name, [`link set ${link} up`, `route add ${ip}/32 dev ${link}`]);
      await this.#ip(namespace, [
        'link set lo up',
        `address add ${ip}/32 dev eth0`,
        'link set eth0 up',
        `route add ${gateway} dev eth0`,
        `route add default via ${gateway} src ${ip}`,
      ]);
      // As containerd has it: images that listen on port 80 need no capability.
      await this.#sysctl(this.path(namespace), ['net.ipv4.ip_unprivileged_port_start=0', ...sysctls]);
    } catch (error) {
      await this.detach({ ip, namespace, path: this.path(namespace) });
      throw error;
    }
    return { ip, namespace, path: this.path(namespace) };
  }

  /** Removes a pod's namespace; its link goes with it. */
  async detach(pod: PodNetwork): Promise<void> {
    await tryCommand(['ip', 'netns', 'delete', pod.namespace]);
    this.#pool.free(pod.ip);
  }

  /** Feeds iptables-restore in the router namespace, leaving chains it does not name alone. */
  async restoreIptables(rules: string): Promise<void> {
    await runCommand(
      ['nsenter', `--net=${this.path(this.plan.name)}`, 'iptables-restore', '-w', '5', '--noflush'],
      rules,
    );
  }

  path(namespace: string): string {
    return `/run/netns/${namespace}`;
  }

  async #ip(namespace: string | undefined, lines: readonly string[]): Promise<void> {
    const target = namespace === undefined ? [] : ['-n', namespace];
    await runCommand(['ip', ...target, '-batch', '-'], lines.join('\n') + '\n');
  }

  async #sysctl(path: string, settings: readonly string[]): Promise<void> {
    const script = settings.map(sysctlLine).join('\n');
    await runCommand(['nsenter', `--net=${path}`, 'sh', '-e'], script);
  }
}

function sysctlLine(setting: string): string {
  const [key, value] = setting.split('=', 2) as [string, string];
  if (!/^net\.[a-z0-9_.]+$/.test(key) || !/^[0-9 ]+$/.test(value)) {
    throw new Error(`sysctl "${setting}" is not supported: only net.* with numbers`);
  }
  return `echo '${value}' > /proc/sys/${key.replaceAll('.', '/')}`;
}
