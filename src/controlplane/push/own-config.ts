import type { Mesh, MeshProxy } from '../../mesh/index.ts';
import { canonicalName, canonicalRevision } from '../../mesh/index.ts';
import { translateInbound, workloadLabels } from '../../translate/index.ts';
import {
  emptyResources,
  encodeOwn,
  labels,
  type OwnConfig,
  ownConfigMapName,
  ownHash,
} from '../../xds/snapshot/index.ts';
import type { DesiredConfigMap } from '../publish/desired.ts';

/** What a proxy gets for itself alone: its inbound side, who it is, and which scope it follows. */
export function ownConfig(mesh: Mesh, proxy: MeshProxy, scope: string): DesiredConfigMap {
  const place = {
    canonicalName: canonicalName(proxy.labels, proxy.workload),
    canonicalRevision: canonicalRevision(proxy.labels),
    clusterId: mesh.config.clusterId,
  };
  const own: OwnConfig = {
    proxy: proxy.name,
    revision: proxy.revision,
    scope,
    node: {
      cluster: `${place.canonicalName}.${proxy.namespace}`,
      metadata: {
        NAMESPACE: proxy.namespace,
        WORKLOAD_NAME: proxy.workload,
        SERVICE_ACCOUNT: proxy.serviceAccount,
        LABELS: proxy.labels,
        CLUSTER_ID: mesh.config.clusterId,
        MESH_ID: mesh.config.meshId,
        'lateen.telemetry': { labels: workloadLabels('source', proxy, place) },
      },
    },
    resources:
      proxy.kind === 'sidecar'
        ? translateInbound(mesh, proxy, workloadLabels('destination', proxy, place))
        : emptyResources,
  };
  return {
    namespace: proxy.namespace,
    name: ownConfigMapName(proxy.name),
    labels: { [labels.proxy]: proxy.name, [labels.revision]: proxy.revision },
    hash: ownHash(own),
    encode: (generation) => encodeOwn(own, generation),
  };
}
