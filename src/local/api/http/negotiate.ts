import { StatusError } from '../status.ts';
import type { IncludeObject } from '../table/render.ts';

/** In which form a caller wants objects. */
export interface Representation {
  readonly kind: 'object' | 'table' | 'partial';
  readonly yaml: boolean;
  readonly include: IncludeObject;
  readonly pretty: boolean;
}

/** The first form of the Accept header that this server can give; a 406 when there is none. */
export function negotiate(
  accept: string | undefined,
  query: Readonly<Record<string, string | undefined>>,
  allowed: { transforms: boolean } = { transforms: true },
): Representation {
  const include = (query['includeObject'] as IncludeObject | undefined) ?? 'Metadata';
  const pretty = query['pretty'] === 'true' || query['pretty'] === '1';
  for (const clause of (accept ?? '*/*').split(',')) {
    const [type = '', ...parameters] = clause.split(';').map((part) => part.trim());
    const yaml = type === 'application/yaml';
    if (!yaml && !['application/json', '*/*', 'application/*', ''].includes(type)) continue;
    const as = parameters.find((one) => one.startsWith('as='))?.slice(3);
    const version = parameters.find((one) => one.startsWith('v='))?.slice(2) ?? 'v1';
    if (as === undefined) return { kind: 'object', yaml, include, pretty };
    if (!allowed.transforms || version !== 'v1') continue;
    if (as === 'Table') return { kind: 'table', yaml, include, pretty };
    if (as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') {
      return { kind: 'partial', yaml, include, pretty };
    }
  }
  throw new StatusError(
    406,
    'NotAcceptable',
    'only the following media types are accepted: application/json, application/yaml',
  );
}
