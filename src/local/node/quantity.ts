import { availableParallelism, totalmem } from 'node:os';

const suffixes: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** A Kubernetes quantity (`500m`, `128Mi`, `1e3`) as a number; undefined when it is none. */
export function parseQuantity(text: string): number | undefined {
  const match = /^([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)([numkMGTPE]|[KMGTPE]i)?$/.exec(text);
  const factor = suffixes[match?.[2] ?? ''];
  const value = Number(match?.[1]);
  return match === null || factor === undefined || Number.isNaN(value) ? undefined : value * factor;
}

/** The value of `limits.cpu`, `requests.memory`… divided by `divisor` and rounded up. Without a limit the node's capacity counts; without a request, 0. */
export function resourceValue(
  resources: { limits?: Record<string, string>; requests?: Record<string, string> },
  path: string,
  divisor = '1',
): string {
  const [kind, ...rest] = path.split('.');
  const name = rest.join('.');
  const limit = resources.limits?.[name];
  const written = kind === 'limits' ? limit : (resources.requests?.[name] ?? limit);
  const value =
    written === undefined ? (kind === 'limits' ? capacity(name) : 0) : (parseQuantity(written) ?? 0);
  const by = parseQuantity(divisor) || 1;
  return String(Math.ceil(value / by - 1e-9));
}

function capacity(name: string): number {
  if (name === 'cpu') return availableParallelism();
  return name === 'memory' ? totalmem() : 0;
}
