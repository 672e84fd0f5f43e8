import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { LocalApi } from '../api/local-api.ts';
import type { EventRecorder } from '../event-recorder.ts';
import type { ImageOverrides } from '../images.ts';
import type { ClusterNetwork } from '../network/cluster-network.ts';
import type { HostTools } from './container-process.ts';
import type { BindMount } from './launch-script.ts';

/** What every pod of the node works with. */
export interface NodeContext {
  readonly api: LocalApi;
  readonly clock: Clock;
  readonly log: Logger;
  readonly events: EventRecorder;
  readonly network: ClusterNetwork;
  readonly images: ImageOverrides;
  readonly tools: HostTools;
  readonly nodeName: string;
  /** Root of the node's files: pods below `pods/`, claims below `claims/`. */
  readonly folder: string;
  /** Node's compile cache shared by all containers, so that a program is compiled once and not once a pod. */
  readonly compileCache: BindMount;
  /** `KUBERNETES_SERVICE_HOST` and the like, for every container of a namespace. */
  readonly serviceEnv: (namespace: string) => Record<string, string>;
}
