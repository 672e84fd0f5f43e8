/**
 * Whether a client takes an encoding: answers `encoding`, or `identity` when it prefers or demands that. `q=0` forbids, `*` stands for what is not
 * named (RFC 9110 §12.5.3).
 */
export function chooseEncoding(accept: string, encoding: string): string {
  let own = -1;
  let any = -1;
  let identity = -1;
  for (const part of accept.split(',')) {
    const [name = '', ...parameters] = part.split(';').map((p) => p.trim().toLowerCase());
    const q = parameters.find((p) => p.startsWith('q='));
    const weight = q === undefined ? 1 : Number(q.slice(2));
    if (Number.isNaN(weight)) return 'identity';
    if (name === encoding) own = weight;
    else if (name === '*') any = weight;
    else if (name === 'identity') identity = weight;
  }
  const wanted = own >= 0 ? own : any;
  return wanted > 0 && wanted >= identity ? encoding : 'identity';
}
