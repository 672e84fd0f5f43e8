import type { KubeObject } from '../api/object.ts';
import { packageVersion } from '../base/package-root.ts';
import { toYaml } from '../base/yaml.ts';
import { resources } from '../kube/resource.ts';
import { type CliCommand, type CliContext, textOption, UsageError } from './command.ts';

interface Container {
  readonly name: string;
  readonly image?: string;
}

interface Versions {
  readonly clientVersion: { readonly version: string };
  readonly meshVersion?: readonly {
    readonly Component: string;
    readonly Info: { readonly version: string };
  }[];
  readonly dataPlaneVersion?: readonly { readonly ID: string; readonly IstioVersion: string }[];
}

/** `istioctl version`: this program, the control plane's pods and the proxies, by the images they run. */
export const command: CliCommand = {
  flags: [
    { flags: '-o, --output <format>', description: "One of 'yaml' or 'json'" },
    {
      flags: '--remote [remote]',
      description: 'Use --remote=false to suppress control plane check',
      fallback: true,
    },
    { flags: '-s, --short', description: 'Displays a short version', hidden: true },
    { flags: '-r, --revision <name>', description: 'Control plane revision' },
  ],
  async run(context, _args, options) {
    const output = textOption(options, 'output');
    if (output !== '' && output !== 'yaml' && output !== 'json')
      throw new UsageError(`--output must be 'yaml' or 'json'`);
    const remote = options['remote'] !== 'false';
    const versions = await collect(context, remote);
    if (output === 'json') context.out(`${JSON.stringify(versions, null, 2)}\n`);
    else if (output === 'yaml') context.out(toYaml(versions));
    else context.out(asText(versions, remote, context.istioNamespace));
    return 0;
  },
};

async function collect(context: CliContext, remote: boolean): Promise<Versions> {
  const clientVersion = { version: packageVersion() };
  if (!remote) return { clientVersion };
  const client = await context.connect().catch(() => undefined);
  if (client === undefined) return { clientVersion };
  const { items } = await client.list(resources.pods);
  const running = items.filter((pod) => (pod.status as { phase?: string } | undefined)?.phase === 'Running');
  const istiods = running.filter(
    (pod) => pod.metadata.namespace === context.istioNamespace && pod.metadata.labels?.['app'] === 'istiod',
  );
  const proxies = running.flatMap((pod) => proxyOf(pod));
  return {
    clientVersion,
    meshVersion: istiods.map((pod) => ({
      Component: 'pilot',
      Info: { version: tagOf(containersOf(pod)[0]) },
    })),
    dataPlaneVersion: proxies,
  };
}

function proxyOf(pod: KubeObject): { ID: string; IstioVersion: string }[] {
  const proxy = containersOf(pod).find((container) => container.name === 'istio-proxy');
  return proxy === undefined
    ? []
    : [{ ID: `${pod.metadata.name}.${pod.metadata.namespace}`, IstioVersion: tagOf(proxy) }];
}

function containersOf(pod: KubeObject): Container[] {
  const spec = pod.spec as { containers?: Container[]; initContainers?: Container[] } | undefined;
  return [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
}

function tagOf(container: Container | undefined): string {
  return /:([^:/@]+)(@.*)?$/.exec(container?.image ?? '')?.[1] ?? 'unknown';
}

function asText(versions: Versions, remote: boolean, namespace: string): string {
  const client = `client version: ${versions.clientVersion.version}\n`;
  if (!remote || versions.meshVersion === undefined) return client;
  if (versions.meshVersion.length === 0) {
    return `Istio is not present in the cluster: no running Istio pods in namespace "${namespace}"\n${client}`;
  }
  const control = [...new Set(versions.meshVersion.map(({ Info }) => Info.version))].sort().join(', ');
  const counts = new Map<string, number>();
  for (const { IstioVersion } of versions.dataPlaneVersion ?? [])
    counts.set(IstioVersion, (counts.get(IstioVersion) ?? 0) + 1);
  const data = [...counts]
    .sort()
    .map(([version, count]) => `${version} (${count} ${count === 1 ? 'proxy' : 'proxies'})`);
  return `${client}control plane version: ${control}\ndata plane version: ${data.length === 0 ? 'none' : data.join(', ')}\n`;
}
