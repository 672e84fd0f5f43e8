import type { KubeObject } from '../api/object.ts';
import { ResourceMapper } from '../kube/resource-mapper.ts';
import { isNotFound } from '../kube/status-error.ts';
import { healthOf } from '../operator/health.ts';
import { iopResource } from '../operator/ownership.ts';
import { isMap, type JsonMap } from '../render/json.ts';
import { loadLibrary } from '../render/library.ts';
import { objectsOf, type Rendering, render } from '../render/render.ts';
import { type CliCommand, type CliContext, listOption, type Options, textOption } from './command.ts';
import { stateName } from './installation.ts';
import { inputFlags, renderInput } from './mesh-input.ts';
import { Progress } from './progress.ts';

/** `istioctl verify-install`: is everything there and ready that the installation (or a given IstioOperator) consists of? */
export const command: CliCommand = {
  flags: inputFlags,
  async run(context, _args, options) {
    const rendering = await wanted(context, options);
    const client = await context.connect();
    const mapper = new ResourceMapper(client);
    const progress = new Progress(context);
    let faults = 0;
    for (const object of objectsOf(rendering)) {
      const fault = await check(object);
      if (fault === undefined) progress.succeeded(`${nameOf(object)} checked successfully`);
      else progress.failed(`${nameOf(object)}: ${fault}`);
      if (fault !== undefined) faults++;
    }
    const count = (kind: string) => objectsOf(rendering).filter((object) => object.kind === kind).length;
    context.out(
      `Checked ${count('CustomResourceDefinition')} custom resource definitions\nChecked ${count('Deployment')} Istio Deployments\n`,
    );
    if (faults === 0) progress.succeeded('Istio is installed and verified successfully');
    else progress.failed(`${faults} objects are missing or not ready`);
    return faults === 0 ? 0 : 1;

    async function check(object: KubeObject): Promise<string | undefined> {
      const resource = await mapper.resourceOf(object.apiVersion, object.kind);
      try {
        const live = await client.get(resource, object.metadata.name, object.metadata.namespace);
        const health = healthOf(live);
        return health.ready ? undefined : health.message;
      } catch (failure) {
        if (isNotFound(failure)) return 'not found';
        throw failure;
      }
    }
  },
};

/** The files given, else what istioctl recorded, else the IstioOperator that the operator works on. */
async function wanted(context: CliContext, options: Options): Promise<Rendering> {
  if (listOption(options, 'filename').length + listOption(options, 'set').length > 0)
    return (await renderInput(context, options)).rendering;
  const client = await context.connect();
  const name = stateName(textOption(options, 'revision') || 'default');
  const { items } = await client.list(iopResource).catch((failure: unknown) => {
    if (isNotFound(failure)) return { items: [] as KubeObject[] };
    throw failure;
  });
  const found = items.find((iop) => iop.metadata.name === name) ?? items[0];
  if (found === undefined)
    throw new Error('no Istio installation found: there is no IstioOperator in the cluster');
  const spec: JsonMap = isMap(found.spec) ? found.spec : {};
  return render({ specs: [spec] }, loadLibrary());
}

function nameOf(object: KubeObject): string {
  const { name, namespace } = object.metadata;
  return `${object.kind}: ${name}${namespace === undefined ? '' : `.${namespace}`}`;
}
