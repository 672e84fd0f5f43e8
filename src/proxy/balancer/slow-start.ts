import type { Host } from '../upstream/host.ts';
import type { SlowStart } from './config.ts';

/** The share of its weight a host gets while it warms up: `max(minWeight, (age / window)^(1 / aggression))`, 1 afterwards. */
export function slowStartFactor(host: Host, config: SlowStart, now: number): number {
  const age = now - host.readySince;
  if (age >= config.windowMs) return 1;
  return Math.max(config.minWeight, (Math.max(age, 1) / config.windowMs) ** (1 / config.aggression));
}

/** Whether some host is still warming up. */
export function warmingUp(hosts: readonly Host[], config: SlowStart | undefined, now: number): boolean {
  return config !== undefined && hosts.some((host) => now - host.readySince < config.windowMs);
}
