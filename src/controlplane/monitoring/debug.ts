import type { ControlPlane } from '../control-plane.ts';

/** The pages under `/debug`: what the control plane believes, as JSON. Undefined for a page that does not exist. */
export function debugPage(plane: ControlPlane, path: string, query: URLSearchParams): unknown {
  const page = pages[path];
  return page === undefined ? undefined : page.render(plane, query);
}

/** Path and purpose of every page. */
export function debugIndex(): Record<string, string> {
  return Object.fromEntries(Object.entries(pages).map(([path, page]) => [path, page.summary]));
}

interface Page {
  readonly summary: string;
  readonly render: (plane: ControlPlane, query: URLSearchParams) => unknown;
}

const pages: Readonly<Record<string, Page>> = {
  '/debug/registryz': {
    summary: 'services of the mesh',
    render: (plane) => [...(plane.pipeline.mesh?.services.values() ?? [])].flat(),
  },
  '/debug/endpointz': {
    summary: 'endpoints of each service',
    render: (plane) =>
      [...(plane.pipeline.mesh?.services.values() ?? [])].flat().map((service) => ({
        service: service.hostname,
        endpoints: plane.world.endpointsOf(service),
      })),
  },
  '/debug/configz': {
    summary: 'rules as read from the API server',
    render: (plane) => [...plane.sources.rules.values()].flatMap((informer) => [...informer.values()]),
  },
  '/debug/mesh': { summary: 'mesh settings in force', render: (plane) => plane.world.config },
  '/debug/findings': { summary: 'what is wrong or not acted on', render: (plane) => plane.pipeline.findings },
  '/debug/syncz': {
    summary: 'proxies, their pods and the scope they follow',
    render: (plane) =>
      plane.world.proxies.map((proxy) => ({
        proxy: `${proxy.name}.${proxy.namespace}`,
        type: proxy.kind === 'gateway' ? 'router' : 'sidecar',
        scope: plane.pipeline.scopeOf(proxy),
        pods: plane.world.podsOf(proxy),
      })),
  },
  '/debug/scopes': {
    summary: 'scopes and their parts with hashes',
    render: (plane) =>
      [...plane.pipeline.scopes.values()].map(({ name, desired }) => ({
        name,
        index: desired?.index.hash,
        parts: desired?.parts.map((part) => ({ name: part.name, hash: part.hash })),
      })),
  },
  '/debug/config_dump': {
    summary: 'resources of a scope: ?scope=NAME',
    render: (plane, query) => {
      const resources = plane.pipeline.scopes.get(query.get('scope') ?? '')?.resources;
      if (resources === undefined) return { error: 'no such scope; see /debug/scopes' };
      const { listeners, routes, clusters, serviceClusters } = resources;
      return { listeners, routes, clusters: [...clusters, ...[...serviceClusters.values()].flat()] };
    },
  },
};
