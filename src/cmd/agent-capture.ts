import { applyCapture, cleanCapture, runCommand } from '../agent/capture.ts';
import { type CaptureSettings, defaultCapture, planCapture } from '../inject/iptables.ts';

type Values = Readonly<Record<string, unknown>>;

const print = (text: string) => void process.stdout.write(text);

function captureSettings(values: Values): CaptureSettings {
  const text = (flag: string, fallback: string) =>
    typeof values[flag] === 'string' ? (values[flag] as string) : fallback;
  const uid = text('proxy-uid', defaultCapture.proxyUid);
  return {
    proxyPort: Number(text('envoy-port', String(defaultCapture.proxyPort))),
    inboundPort: Number(text('inbound-capture-port', String(defaultCapture.inboundPort))),
    proxyUid: uid,
    proxyGid: text('proxy-gid', uid),
    mode: text('istio-inbound-interception-mode', defaultCapture.mode),
    includeInboundPorts: text('istio-inbound-ports', ''),
    excludeInboundPorts: text('istio-local-exclude-ports', ''),
    includeRanges: text('istio-service-cidr', ''),
    excludeRanges: text('istio-service-exclude-cidr', ''),
    includeOutboundPorts: text('istio-outbound-ports', ''),
    excludeOutboundPorts: text('istio-local-outbound-ports-exclude', ''),
  };
}

/** `pilot-agent istio-iptables`: exit code 0 when the rules are in place. */
export async function runIptables(values: Values): Promise<number> {
  const settings = captureSettings(values);
  if (values['dry-run']) {
    const plan = planCapture(settings);
    print(`${plan.v4}${plan.v6}`);
    return 0;
  }
  if (values['skip-rule-apply']) return values['run-validation'] ? validate() : 0;
  return applyCapture(settings, print);
}

/** With CNI nothing is applied here; the container fails, and is retried, until the node has set the rules. */
function validate(): number {
  if (runCommand('iptables', ['-t', 'nat', '-S', 'ISTIO_OUTPUT']).status === 0) return 0;
  print('capture rules are missing: the CNI node agent has not set up this pod\n');
  return 126;
}

export async function runCleanIptables(): Promise<number> {
  return cleanCapture(print);
}
