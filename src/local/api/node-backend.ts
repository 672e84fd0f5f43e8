import type { Duplex, Readable, Writable } from 'node:stream';

/** A pod as the node knows it: `uid` guards against a new pod of the same name. */
export interface PodRef {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** Query of `pods/log`, as Kubernetes' PodLogOptions has it. */
export interface LogOptions {
  readonly follow: boolean;
  /** The instance before the last restart. */
  readonly previous: boolean;
  readonly timestamps: boolean;
  readonly tailLines?: number;
  readonly limitBytes?: number;
  /** Only lines written at or after this instant, milliseconds since the epoch. */
  readonly sinceMs?: number;
}

/** What exec and attach connect; a stream is absent when the caller did not ask for it. With `tty`, stderr is absent. */
export interface ProcessStreams {
  readonly tty: boolean;
  readonly stdin?: Readable;
  readonly stdout?: Writable;
  readonly stderr?: Writable;
  /** Calls back for each terminal size the client sends, the first one included. */
  onResize(listener: (size: { width: number; height: number }) => void): void;
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
}

/** How a command ended: an exit code, or the reason it could not run. */
export interface ExitStatus {
  readonly exitCode: number;
  readonly message?: string;
}

/**
 * What the API server asks of the machine that runs the pods. The node agent implements it; without one, `pods/log`, `exec`, `attach`,
 * `portforward` and `proxy` answer 501 and say why. A rejection with a StatusError is sent to the client as it stands; any other error becomes a 500.
 */
export interface NodeBackend {
  /** Writes the container's log to `out` until its end (or, with follow, until the container is gone or the signal aborts). Does not end `out`. */
  logs(
    pod: PodRef,
    container: string,
    options: LogOptions,
    out: Writable,
    signal: AbortSignal,
  ): Promise<void>;
  /** Runs a command in the container. */
  exec(
    pod: PodRef,
    container: string,
    command: readonly string[],
    streams: ProcessStreams,
  ): Promise<ExitStatus>;
  /** Connects to the container's main process. */
  attach(pod: PodRef, container: string, streams: ProcessStreams): Promise<ExitStatus>;
  /** Opens a TCP connection to a port inside the pod's network (its loopback included), for port-forward and the proxy subresource. */
  connect(pod: PodRef, port: number): Promise<Duplex>;
}

/** Where a Service's port is reachable from the API server, for webhooks named by service; undefined when it has no ready endpoint. */
export type ResolveService = (
  namespace: string,
  name: string,
  port: number,
) => Promise<{ host: string; port: number } | undefined>;
