const suffixes: Record<string, [base: number, exponent: number]> = {
  n: [10, -9],
  u: [10, -6],
  m: [10, -3],
  '': [10, 0],
  k: [10, 3],
  M: [10, 6],
  G: [10, 9],
  T: [10, 12],
  P: [10, 15],
  E: [10, 18],
  Ki: [2, 10],
  Mi: [2, 20],
  Gi: [2, 30],
  Ti: [2, 40],
  Pi: [2, 50],
  Ei: [2, 60],
};

const pattern = /^([+-]?)(\d+\.?\d*|\.\d+)(?:[eE]([+-]?\d+)|([numkMGTPE]|[KMGTPE]i))?$/;

export interface Quantity {
  /** The amount in billionths. */
  readonly nano: bigint;
  readonly format: 'BinarySI' | 'DecimalSI' | 'DecimalExponent';
}

/** Reads `500m`, `1.5Gi`, `1e3`; undefined when the text is no quantity (k8s.io/apimachinery resource.Quantity). */
export function parseQuantity(text: string): Quantity | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const [, sign, digits = '', exponent, suffix = ''] = match;
  const [whole = '', fraction = ''] = digits.split('.');
  const [base, power] = suffixes[suffix] as [number, number];
  const ten = exponent !== undefined ? Number(exponent) : base === 10 ? power : 0;
  let nano = scaleTen(BigInt(`${whole}${fraction}` || '0'), ten + 9 - fraction.length);
  if (base === 2) nano <<= BigInt(power);
  const format = exponent !== undefined ? 'DecimalExponent' : base === 2 ? 'BinarySI' : 'DecimalSI';
  return { nano: sign === '-' ? -nano : nano, format };
}

/** Multiplies by a power of ten, rounding up what falls below one. */
function scaleTen(value: bigint, power: number): bigint {
  if (power >= 0) return value * 10n ** BigInt(power);
  const divisor = 10n ** BigInt(-power);
  return (value + divisor - 1n) / divisor;
}

/** Kubernetes' canonical spelling: the largest suffix that leaves a whole number (`1000m` is `1`, `1024Mi` is `1Gi`). */
export function canonicalQuantity(text: string): string | undefined {
  const quantity = parseQuantity(text);
  if (quantity === undefined) return undefined;
  const { nano, format } = quantity;
  if (nano === 0n) return '0';
  const billion = 1_000_000_000n;
  if (
    format === 'BinarySI' &&
    nano % billion === 0n &&
    (nano >= 1024n * billion || nano <= -1024n * billion)
  ) {
    return binary(nano / billion);
  }
  return decimal(nano, format === 'DecimalExponent');
}

function binary(value: bigint): string {
  const names = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
  let step = 0;
  let rest = value;
  while (rest % 1024n === 0n && step < names.length - 1) {
    rest /= 1024n;
    step++;
  }
  return `${rest}${names[step]}`;
}

function decimal(nano: bigint, exponent: boolean): string {
  const names = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
  let step = 0;
  let rest = nano;
  while (rest % 1000n === 0n && step < names.length - 1) {
    rest /= 1000n;
    step++;
  }
  if (!exponent) return `${rest}${names[step]}`;
  return step === 3 ? `${rest}` : `${rest}e${(step - 3) * 3}`;
}
