/** Well-known ports and ids of the mesh. They are Istio's: users' NetworkPolicies, probes and scripts name them. */
export const ports = {
  /** Envoy admin, loopback only. */
  proxyAdmin: 15000,
  /** Outbound capture: iptables redirects the application's connections here. */
  outboundCapture: 15001,
  /** Inbound capture: iptables redirects connections to the pod here. */
  inboundCapture: 15006,
  /** HBONE. */
  hbone: 15008,
  /** xDS and CA, plain text. */
  xdsPlaintext: 15010,
  /** xDS and CA, TLS. */
  xdsTls: 15012,
  /** Control plane monitoring: /metrics, /version, /debug. */
  controlPlaneMonitoring: 15014,
  /** Admission webhooks: /inject, /validate. */
  webhook: 15017,
  /** Agent: merged Prometheus page, /healthz, /quitquitquit. */
  agentStatus: 15020,
  /** Readiness as load balancers and kubelets probe it: /healthz/ready. */
  healthCheck: 15021,
  /** DNS capture. */
  dnsCapture: 15053,
  /** Proxy's own Prometheus page. */
  proxyPrometheus: 15090,
} as const;

/** uid and gid of the proxy; iptables exempts its own traffic by them. */
export const proxyUid = 1337;

/** Source address of connections the proxy makes to its own application, exempt from capture. */
export const inboundPassthroughAddress = '127.0.0.6';
