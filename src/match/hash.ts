import xxhash from 'xxhash-wasm';

const { h64Raw } = await xxhash();

/** xxHash64 of latin1 text: what Envoy's hash policies, rings and Maglev tables are made of. */
export function xxHash64(text: string, seed = 0n): bigint {
  return h64Raw(Buffer.from(text, 'latin1'), seed);
}

const mask = 0xffff_ffff_ffff_ffffn;
const multiplier = 0xc6a4_a793_5bd1_e995n;

/** 64-bit MurmurHash2 (variant A) with the seed of libstdc++'s std::hash, the other function of hash rings. */
export function murmurHash2(text: string, seed = 0xc70f_6907n): bigint {
  const bytes = Buffer.from(text, 'latin1');
  let hash = (seed ^ (BigInt(bytes.length) * multiplier)) & mask;
  const whole = bytes.length & ~7;
  for (let i = 0; i < whole; i += 8) hash = ((hash ^ scramble(bytes.readBigUInt64LE(i))) * multiplier) & mask;
  if (whole < bytes.length) {
    let rest = 0n;
    for (let i = bytes.length - 1; i >= whole; i--) rest = (rest << 8n) | BigInt(bytes[i] as number);
    hash = ((hash ^ rest) * multiplier) & mask;
  }
  hash = (mixHigh(hash) * multiplier) & mask;
  return mixHigh(hash);
}

function mixHigh(value: bigint): bigint {
  return value ^ (value >> 47n);
}

function scramble(word: bigint): bigint {
  return (mixHigh((word * multiplier) & mask) * multiplier) & mask;
}
