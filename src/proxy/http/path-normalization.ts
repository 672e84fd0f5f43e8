/**
 * Path normalization before anything looks at a path, so that policy, routing and the upstream see the same one: RFC 3986 dot segments and
 * percent-decoding of unreserved characters, backslashes as slashes (as Envoy's `normalize_path`), merged slashes, escaped slashes.
 */
const plain = /^[A-Za-z0-9\-_~/!$&'()*+,;=:@]*$/;
const unreserved = /^[A-Za-z0-9\-._~]$/;

/** Splits `path?query`; fragments are refused before. */
export function pathEnd(path: string): number {
  const query = path.indexOf('?');
  return query < 0 ? path.length : query;
}

/** Normalizes the path part; undefined when it must be refused (%00). Segments above the root are dropped; a malformed escape stays as it is, as with Envoy. */
export function normalizePath(target: string): string | undefined {
  const end = pathEnd(target);
  const path = end === target.length ? target : target.slice(0, end);
  if (plain.test(path)) return target;
  if (/%00/.test(path)) return undefined;
  const decoded = path.replaceAll('\\', '/').replaceAll(/%([0-9A-Fa-f]{2})/g, (escaped, code: string) => {
    const char = String.fromCharCode(Number.parseInt(code, 16));
    return unreserved.test(char) ? char : escaped;
  });
  return removeDotSegments(decoded) + target.slice(end);
}

function removeDotSegments(path: string): string {
  if (!path.includes('/.')) return path;
  const output: string[] = [];
  const segments = path.split('/').slice(1);
  segments.forEach((segment, index) => {
    const last = index === segments.length - 1;
    if (segment === '..') {
      output.pop();
      if (last) output.push('');
    } else if (segment === '.') {
      if (last) output.push('');
    } else {
      output.push(segment);
    }
  });
  return `/${output.join('/')}`;
}

/** `//a///b` → `/a/b`, path part only. */
export function mergeSlashes(target: string): string {
  const end = pathEnd(target);
  const first = target.indexOf('//');
  if (first < 0 || first >= end) return target;
  return target.slice(0, end).replaceAll(/\/{2,}/g, '/') + target.slice(end);
}

/** Whether the path part has %2F or %5C. */
export function hasEscapedSlash(target: string): boolean {
  const at = target.indexOf('%');
  if (at < 0) return false;
  return /%(?:2[fF]|5[cC])/.test(target.slice(at, pathEnd(target)));
}

export function unescapeSlashes(target: string): string {
  const end = pathEnd(target);
  return (
    target
      .slice(0, end)
      .replaceAll(/%2[fF]/g, '/')
      .replaceAll(/%5[cC]/g, '\\') + target.slice(end)
  );
}
