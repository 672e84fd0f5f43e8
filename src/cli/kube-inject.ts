import { readFileSync, writeFileSync } from 'node:fs';
import type { KubeObject } from '../api/object.ts';
import { errorMessage } from '../base/log.ts';
import { parseYaml, parseYamlDocuments, toYaml } from '../base/yaml.ts';
import { type InjectionConfig, injectionConfig, injectObject } from '../inject/index.ts';
import { resources } from '../kube/resource.ts';
import { loadLibrary } from '../render/library.ts';
import { render } from '../render/render.ts';
import { nativeSidecars } from '../webhook/injection-settings.ts';
import {
  type CliCommand,
  type CliContext,
  exitCodes,
  type Options,
  textOption,
  UsageError,
} from './command.ts';

type Json = Record<string, unknown>;

/** `istioctl kube-inject`: what the webhook would do, on paper. */
export const command: CliCommand = {
  description: `kube-inject manually injects the sidecar into Kubernetes workloads. Unsupported resources are left unmodified, so it is safe
to run kube-inject over a single file that contains multiple Service, ConfigMap and Deployment definitions.

The injection settings are those of the cluster; without a cluster, those of the default profile.`,
  examples: `
Examples:
  # Update resources on the fly before applying
  kubectl apply -f <(istioctl kube-inject -f resource.yaml)

  # Create a persistent version of the deployment with the sidecar injected
  istioctl kube-inject -f deployment.yaml -o deployment-injected.yaml
`,
  flags: [
    {
      flags: '-f, --filename <file>',
      description: 'Input Kubernetes resource filename; - is standard input',
    },
    { flags: '-o, --output <file>', description: 'Modified output Kubernetes resource filename' },
    {
      flags: '--injectConfigFile <file>',
      description: 'Injection policy file, the `config` of ConfigMap istio-sidecar-injector',
    },
    {
      flags: '--valuesFile <file>',
      description: 'Injection values file, the `values` of ConfigMap istio-sidecar-injector',
    },
    { flags: '--meshConfigFile <file>', description: 'Mesh configuration file' },
    {
      flags: '--meshConfigMapName <name>',
      description: 'ConfigMap of the mesh configuration',
      fallback: 'istio',
    },
    {
      flags: '--injectConfigMapName <name>',
      description: 'ConfigMap of the injection settings',
      fallback: 'istio-sidecar-injector',
    },
    { flags: '-r, --revision <name>', description: 'Control plane revision whose settings are used' },
  ],
  async run(context, _args, options) {
    const file = textOption(options, 'filename');
    if (file === '') throw new UsageError('filename not specified (see --filename or -f)');
    const objects = await readObjects(context, file);
    const config = await settings(context, options);
    const { documents, failures } = inject(objects, context, config);
    for (const failure of failures) context.err(`Error: ${failure}\n`);
    if (failures.length > 0) return exitCodes.failed;
    const output = textOption(options, 'output');
    if (output === '') context.out(documents);
    else writeFileSync(output, documents);
    return exitCodes.ok;
  },
};

function inject(
  objects: KubeObject[],
  context: CliContext,
  config: InjectionConfig,
): { documents: string; failures: string[] } {
  let documents = '';
  const failures: string[] = [];
  for (const object of objects) {
    const result = injectObject(object, context.namespace ?? 'default', config);
    if (result.kind === 'refused') {
      failures.push(result.message);
      continue;
    }
    if (result.kind === 'unchanged' && result.warning) context.err(`${result.warning}\n`);
    documents += `${toYaml(result.object)}---\n`;
  }
  return { documents, failures };
}

async function readObjects(context: CliContext, file: string): Promise<KubeObject[]> {
  const text = file === '-' ? await context.readStdin() : readFileSync(file, 'utf8');
  try {
    return parseYamlDocuments(text) as KubeObject[];
  } catch (thrown) {
    throw new Error(`${file}: ${errorMessage(thrown)}`);
  }
}

/** Files beat the cluster; without files and without a cluster the default profile speaks. */
async function settings(context: CliContext, options: Options): Promise<InjectionConfig> {
  const files = ['injectConfigFile', 'valuesFile', 'meshConfigFile'].map((flag) => textOption(options, flag));
  if (files.some((file) => file !== '')) {
    const [config, values, mesh] = files.map((file) =>
      file === '' ? {} : object(parseYaml(readFileSync(file, 'utf8'))),
    );
    return injectionConfig({
      config: config as Json,
      values: values as Json,
      meshConfig: mesh as Json,
      nativeSidecars: false,
    });
  }
  const client = await context.connect().catch(() => undefined);
  if (client === undefined) {
    context.err('! no cluster: using the settings of the default profile\n');
    return defaultProfile();
  }
  const revision = textOption(options, 'revision');
  const suffix = revision === '' || revision === 'default' ? '' : `-${revision}`;
  const get = async (flag: string) => {
    const name = textOption(options, flag) + suffix;
    const found = await client.get(resources.configMaps, name, context.istioNamespace).catch((thrown) => {
      throw new Error(
        `could not read ConfigMap ${name} in ${context.istioNamespace}: ${errorMessage(thrown)}; is Istio installed?`,
      );
    });
    return (found['data'] ?? {}) as Record<string, string>;
  };
  const [injector, mesh, nodes] = await Promise.all([
    get('injectConfigMapName'),
    get('meshConfigMapName'),
    client.list(resources.nodes),
  ]);
  return fromConfigMaps(injector, mesh, nativeSidecars(nodes.items));
}

function fromConfigMaps(
  injector: Record<string, string>,
  mesh: Record<string, string>,
  native: boolean,
): InjectionConfig {
  return injectionConfig({
    config: object(parseYaml(injector['config'] ?? '{}')),
    values: object(parseYaml(injector['values'] ?? '{}')),
    meshConfig: object(parseYaml(mesh['mesh'] ?? '{}')),
    nativeSidecars: native,
  });
}

function defaultProfile(): InjectionConfig {
  const rendering = render({ specs: [], sets: [] }, loadLibrary());
  const all = rendering.components
    .flatMap((component) => component.objects)
    .filter((candidate) => candidate.kind === 'ConfigMap');
  const data = (name: string) =>
    (all.find((candidate) => candidate.metadata.name === name)?.['data'] ?? {}) as Record<string, string>;
  return fromConfigMaps(data('istio-sidecar-injector'), data('istio'), false);
}

function object(value: unknown): Json {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Json) : {};
}
