export { ControlPlane, type ControlPlaneOptions, type PushReport } from './control-plane.ts';
export { Metrics } from './monitoring/metrics.ts';
export { MonitoringServer } from './monitoring/server.ts';
