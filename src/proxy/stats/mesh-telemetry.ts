import type { FormatContext } from '../access-log/format.ts';
import { isGrpc } from '../http/grpc.ts';
import { responseFlagsShort } from '../http/response-flag.ts';
import type { RequestHead } from '../http/stream.ts';
import type { StreamInfo } from '../http/stream-info.ts';
import type { Cluster } from '../upstream/cluster.ts';
import type { Host } from '../upstream/host.ts';
import { labelText, type MeshMetrics, type RequestSeries, type TcpSeries } from './mesh-metrics.ts';
import { decodePeer, encodePeer, type PeerStruct } from './peer-metadata.ts';
import type { RequestTelemetry } from './telemetry.ts';

/** One side of a request as the labels name it. */
export interface WorkloadLabels {
  readonly workload: string;
  readonly namespace: string;
  readonly canonicalService: string;
  readonly canonicalRevision: string;
  readonly app: string;
  readonly version: string;
  readonly cluster: string;
}

const unknown: WorkloadLabels = {
  workload: 'unknown',
  namespace: 'unknown',
  canonicalService: 'unknown',
  canonicalRevision: 'latest',
  app: 'unknown',
  version: 'unknown',
  cluster: 'unknown',
};

const peerState = 'lateen.peer';
const peerHeader = 'x-envoy-peer-metadata';
const peerIdHeader = 'x-envoy-peer-metadata-id';
const maxPeers = 2048;

/** Series of one pair of workloads, by what an answer looked like. */
class Pair {
  readonly byStatus = new Map<number, RequestSeries>();
  readonly byText = new Map<string, RequestSeries>();
  readonly prefix: readonly (readonly [string, string])[];
  tcp: TcpSeries | undefined = undefined;

  constructor(prefix: readonly (readonly [string, string])[]) {
    this.prefix = prefix;
  }
}

/** Istio's standard metrics for one listener: `source` on the client's side, `destination` on the server's. */
export class MeshTelemetry implements RequestTelemetry {
  readonly #reporter: 'source' | 'destination';
  readonly #own: WorkloadLabels;
  readonly #metrics: MeshMetrics;
  readonly #peerValue: string;
  readonly #peerId: string;
  readonly #pairs = new WeakMap<object, Map<string, Pair>>();
  readonly #peers = new Map<string, WorkloadLabels>();

  constructor(reporter: 'source' | 'destination', own: WorkloadLabels, metrics: MeshMetrics, nodeId: string) {
    this.#reporter = reporter;
    this.#own = own;
    this.#metrics = metrics;
    this.#peerValue = encodePeer(peerStruct(own));
    this.#peerId = nodeId;
  }

  receive(head: RequestHead, info: StreamInfo): void {
    const value = head.headers.get(peerHeader);
    if (value !== undefined) {
      if (this.#reporter === 'destination') info.setFilterState(peerState, this.#peer(value));
      head.headers.remove(peerHeader);
    }
    head.headers.remove(peerIdHeader);
  }

  #peer(value: string): WorkloadLabels {
    let peer = this.#peers.get(value);
    if (peer === undefined) {
      peer = labelsOf(decodePeer(value));
      if (this.#peers.size < maxPeers) this.#peers.set(value, peer);
    }
    return peer;
  }

  send(head: RequestHead, cluster: Cluster): void {
    if (this.#reporter !== 'source' || serviceOf(cluster) === undefined) return;
    head.headers.set(peerHeader, this.#peerValue);
    head.headers.set(peerIdHeader, this.#peerId);
  }

  record(context: FormatContext, cluster: Cluster | undefined): void {
    const { info, request } = context;
    if (info.responseCode === 0 && info.flags === 0) return;
    const grpc = request !== undefined && isGrpc(request.headers);
    const series = this.#series(this.#pair(info, cluster, request), info, grpc);
    series.count++;
    series.duration.record(info.complete - info.start);
    series.requestBytes.record(info.bytesReceived);
    series.responseBytes.record(info.bytesSent);
  }

  #series(pair: Pair, info: StreamInfo, grpc: boolean): RequestSeries {
    const plain = !grpc && info.flags === 0;
    const found = plain ? pair.byStatus.get(info.responseCode) : pair.byText.get(textKey(info, grpc));
    if (found !== undefined) return found;
    const series = this.#metrics.request(
      labelText([
        ...pair.prefix,
        ['request_protocol', grpc ? 'grpc' : 'http'],
        ['response_code', String(info.responseCode)],
        ['grpc_response_status', grpc && info.grpcStatus >= 0 ? String(info.grpcStatus) : ''],
        ['response_flags', responseFlagsShort(info.flags)],
        ['connection_security_policy', this.#security(info)],
      ]),
    );
    if (plain) pair.byStatus.set(info.responseCode, series);
    else pair.byText.set(textKey(info, grpc), series);
    return series;
  }

  #security(info: StreamInfo): string {
    if (this.#reporter === 'source') return 'unknown';
    return info.downstream.tls?.peerCertificatePresented === true ? 'mutual_tls' : 'none';
  }

  /** The two workloads of this request and the service between them; made once for each. */
  #pair(info: StreamInfo, cluster: Cluster | undefined, request: RequestHead | undefined): Pair {
    const peer =
      this.#reporter === 'source'
        ? info.upstreamHost
        : (info.filterState(peerState) as WorkloadLabels | undefined);
    const holder: object = peer ?? this;
    let pairs = this.#pairs.get(holder);
    if (pairs === undefined) {
      pairs = new Map();
      this.#pairs.set(holder, pairs);
    }
    const service = cluster === undefined ? undefined : serviceOf(cluster);
    // Hosts outside the mesh are told apart by what clients asked for only while there are few of them.
    const key =
      service === undefined
        ? `${cluster?.name ?? ''} ${request?.authority ?? ''}`
        : (cluster as Cluster).name;
    const mutual = info.downstream.tls?.peerCertificatePresented === true ? '1' : '0';
    const full = this.#reporter === 'source' ? key : key + mutual;
    let pair = pairs.get(full);
    if (pair === undefined) {
      pair = new Pair(this.#labels(peer, cluster, service, request, info));
      if (pairs.size < maxPeers) pairs.set(full, pair);
    }
    return pair;
  }

  #labels(
    peer: Host | WorkloadLabels | undefined,
    cluster: Cluster | undefined,
    service: Service | undefined,
    request: RequestHead | undefined,
    info: StreamInfo,
  ): (readonly [string, string])[] {
    const source =
      this.#reporter === 'source' ? this.#own : ((peer as WorkloadLabels | undefined) ?? unknown);
    const destination = this.#reporter === 'destination' ? this.#own : hostLabels(peer as Host | undefined);
    const tls = info.downstream.tls;
    const host = request?.authority || 'unknown';
    const name =
      service?.name ?? (cluster === undefined || this.#reporter === 'destination' ? host : cluster.name);
    return [
      ['reporter', this.#reporter],
      ...sideLabels(
        'source',
        source,
        this.#reporter === 'destination' ? (tls?.uriSanPeer[0] ?? 'unknown') : 'unknown',
      ),
      ...sideLabels(
        'destination',
        destination,
        this.#reporter === 'destination' ? (tls?.uriSanLocal[0] ?? 'unknown') : 'unknown',
      ),
      ['destination_service', service?.host ?? host],
      ['destination_service_name', name],
      ['destination_service_namespace', service?.namespace ?? destination.namespace],
    ];
  }

  tcpOpened(context: FormatContext, cluster: Cluster): void {
    this.#tcp(context, cluster).opened++;
  }

  tcpClosed(context: FormatContext, cluster: Cluster): void {
    const series = this.#tcp(context, cluster);
    series.closed++;
    series.received += context.info.bytesReceived;
    series.sent += context.info.bytesSent;
  }

  #tcp(context: FormatContext, cluster: Cluster): TcpSeries {
    const pair = this.#pair(context.info, cluster, undefined);
    pair.tcp ??= this.#metrics.connection(
      labelText([
        ...pair.prefix,
        ['request_protocol', 'tcp'],
        ['response_flags', '-'],
        ['connection_security_policy', this.#security(context.info)],
      ]),
    );
    return pair.tcp;
  }
}

function textKey(info: StreamInfo, grpc: boolean): string {
  return `${info.responseCode} ${info.flags} ${grpc ? info.grpcStatus : 'x'}`;
}

function sideLabels(
  side: 'source' | 'destination',
  labels: WorkloadLabels,
  principal: string,
): (readonly [string, string])[] {
  return [
    [`${side}_workload`, labels.workload],
    [`${side}_workload_namespace`, labels.namespace],
    [`${side}_principal`, principal],
    [`${side}_app`, labels.app],
    [`${side}_version`, labels.version],
    [`${side}_canonical_service`, labels.canonicalService],
    [`${side}_canonical_revision`, labels.canonicalRevision],
    [`${side}_cluster`, labels.cluster],
  ];
}

interface Service {
  readonly host: string;
  readonly name: string;
  readonly namespace: string;
}

/** The service a cluster stands for (`filter_metadata.istio.services`), undefined outside the mesh. */
function serviceOf(cluster: Cluster): Service | undefined {
  const services = cluster.config.metadata['istio']?.['services'];
  return Array.isArray(services) ? (services[0] as Service | undefined) : undefined;
}

/** `name;namespace;canonical-service;canonical-revision;cluster` of an endpoint. */
function hostLabels(host: Host | undefined): WorkloadLabels {
  const text = host?.metadata['istio']?.['workload'];
  if (typeof text !== 'string') return unknown;
  const [workload, namespace, canonicalService, canonicalRevision, cluster] = text.split(';');
  return {
    workload: workload || 'unknown',
    namespace: namespace || 'unknown',
    canonicalService: canonicalService || 'unknown',
    canonicalRevision: canonicalRevision || 'latest',
    app: canonicalService || 'unknown',
    version: canonicalRevision || 'unknown',
    cluster: cluster || 'unknown',
  };
}

function peerStruct(own: WorkloadLabels): PeerStruct {
  return {
    NAME: own.workload,
    WORKLOAD_NAME: own.workload,
    NAMESPACE: own.namespace,
    CLUSTER_ID: own.cluster,
    LABELS: {
      app: own.app,
      version: own.version,
      'service.istio.io/canonical-name': own.canonicalService,
      'service.istio.io/canonical-revision': own.canonicalRevision,
    },
  };
}

function labelsOf(peer: PeerStruct | undefined): WorkloadLabels {
  if (peer === undefined) return unknown;
  const text = (struct: PeerStruct, key: string, absent: string): string => {
    const value = struct[key];
    return typeof value === 'string' && value !== '' ? value.slice(0, 253) : absent;
  };
  const labels = typeof peer['LABELS'] === 'object' ? peer['LABELS'] : {};
  const workload = text(peer, 'WORKLOAD_NAME', 'unknown');
  return {
    workload,
    namespace: text(peer, 'NAMESPACE', 'unknown'),
    canonicalService: text(labels, 'service.istio.io/canonical-name', text(labels, 'app', workload)),
    canonicalRevision: text(labels, 'service.istio.io/canonical-revision', text(labels, 'version', 'latest')),
    app: text(labels, 'app', 'unknown'),
    version: text(labels, 'version', 'unknown'),
    cluster: text(peer, 'CLUSTER_ID', 'unknown'),
  };
}
