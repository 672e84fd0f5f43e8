import { randomFillSync } from 'node:crypto';

const pool = Buffer.allocUnsafe(4096);
let used = pool.length;

const hex: string[] = [];
for (let i = 0; i < 256; i++) hex.push(i.toString(16).padStart(2, '0'));

/** A random UUID (version 4), as Envoy makes for x-request-id. */
export function newRequestId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const at = used;
  used += 16;
  const b = (i: number) => hex[pool[at + i] as number] as string;
  const version = hex[((pool[at + 6] as number) & 0x0f) | 0x40] as string;
  const variant = hex[((pool[at + 8] as number) & 0x3f) | 0x80] as string;
  return `${b(0)}${b(1)}${b(2)}${b(3)}-${b(4)}${b(5)}-${version}${b(7)}-${variant}${b(9)}-${b(10)}${b(11)}${b(12)}${b(13)}${b(14)}${b(15)}`;
}
