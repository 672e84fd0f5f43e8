import { CharClass, kindOfName } from './field-kind.ts';

/** The static table of RFC 7541 appendix A, index 1 to 61, as `name` or `name: value`. */
const rows =
  `:authority|:method: GET|:method: POST|:path: /|:path: /index.html|:scheme: http|:scheme: https|:status: 200|:status: 204|:status: 206|
:status: 304|:status: 400|:status: 404|:status: 500|accept-charset|accept-encoding: gzip, deflate|accept-language|accept-ranges|accept|
access-control-allow-origin|age|allow|authorization|cache-control|content-disposition|content-encoding|content-language|content-length|
content-location|content-range|content-type|cookie|date|etag|expect|expires|from|host|if-match|if-modified-since|if-none-match|if-range|
if-unmodified-since|last-modified|link|location|max-forwards|proxy-authenticate|proxy-authorization|range|referer|refresh|retry-after|
server|set-cookie|strict-transport-security|transfer-encoding|user-agent|vary|via|www-authenticate`
    .replaceAll('\n', '')
    .split('|');

export const staticTableSize = 61;

/** Names, values and field kinds by index; index 0 is unused. */
export const staticNames: string[] = [''];
export const staticValues: string[] = [''];
export const staticKinds = new Uint8Array(staticTableSize + 1);

/** The lowest index that has this name. */
export const staticIndexOfName = new Map<string, number>();

for (const row of rows) {
  const separator = row.indexOf(': ');
  const name = separator < 0 ? row : row.slice(0, separator);
  staticKinds[staticNames.length] = kindOfName(name, CharClass.all);
  if (!staticIndexOfName.has(name)) staticIndexOfName.set(name, staticNames.length);
  staticNames.push(name);
  staticValues.push(separator < 0 ? '' : row.slice(separator + 2));
}

/** The index of an entry with exactly this name and value, 0 when there is none. */
export function staticIndexOf(name: string, value: string): number {
  const first = staticIndexOfName.get(name);
  if (first === undefined || value === '') return 0;
  for (let i = first; staticNames[i] === name; i++) if (staticValues[i] === value) return i;
  return 0;
}
