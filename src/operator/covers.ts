/**
 * True when `live` holds everything `desired` says: what the API server, other controllers and users add does not count. Lists must have
 * equal length and cover entry by entry. A value that the server writes in another form (1000m for 1) gives false, which costs one
 * apply without effect, never a missed repair.
 */
export function covers(live: unknown, desired: unknown): boolean {
  if (desired === undefined || isEmpty(desired))
    return live === undefined || isContainer(live) || live === desired;
  if (Array.isArray(desired)) {
    return (
      Array.isArray(live) &&
      live.length === desired.length &&
      desired.every((entry, index) => covers(live[index], entry))
    );
  }
  if (typeof desired === 'object' && desired !== null) {
    if (typeof live !== 'object' || live === null || Array.isArray(live)) return false;
    const map = live as Record<string, unknown>;
    return Object.entries(desired).every(([key, value]) => covers(map[key], value));
  }
  return live === desired;
}

function isContainer(value: unknown): boolean {
  return typeof value === 'object';
}

/** The server drops empty maps and lists. */
function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
