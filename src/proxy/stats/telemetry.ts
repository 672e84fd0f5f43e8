import type { FormatContext } from '../access-log/format.ts';
import type { RequestHead } from '../http/stream.ts';
import type { StreamInfo } from '../http/stream-info.ts';
import type { Cluster } from '../upstream/cluster.ts';

/** The mesh's own metrics (istio_requests_total and the rest) of one listener, and the headers by which two proxies tell each other who they are. */
export interface RequestTelemetry {
  /** Reads and removes what the proxy on the other side said about itself. */
  receive(head: RequestHead, info: StreamInfo): void;
  /** Says who we are, before a request goes to a cluster; never to one outside the mesh. */
  send(head: RequestHead, cluster: Cluster): void;
  /** A request is over. */
  record(context: FormatContext, cluster: Cluster | undefined): void;
  /** A TCP connection has its upstream; `closed` when it is over. */
  tcpOpened(context: FormatContext, cluster: Cluster): void;
  tcpClosed(context: FormatContext, cluster: Cluster): void;
}
