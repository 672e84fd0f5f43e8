import { type ApiObject, at } from '../object.ts';
import { badRequest } from '../status.ts';

export interface FieldTerm {
  readonly path: string;
  readonly negated: boolean;
  readonly value: string;
}

export type FieldSelector = readonly FieldTerm[];

/** Parses `metadata.name=a,status.phase!=Running`; throws a 400 for a field the resource cannot be selected by. */
export function parseFieldSelector(
  text: string | undefined,
  apiVersion: string,
  supported: readonly string[],
): FieldSelector {
  if (text === undefined || text === '') return [];
  return text
    .split(',')
    .filter((part) => part.trim() !== '')
    .map((part) => {
      const match = /^([^!=]+)(==|!=|=)(.*)$/.exec(part.trim());
      if (match === null) throw badRequest(`invalid selector: '${text}'; can't understand '${part}'`);
      const [, path = '', sign, value = ''] = match;
      if (path !== 'metadata.name' && path !== 'metadata.namespace' && !supported.includes(path)) {
        throw badRequest(unknownField(text, path, apiVersion, supported));
      }
      return { path, negated: sign === '!=', value: value.replace(/\\(.)/g, '$1') };
    });
}

function unknownField(text: string, path: string, apiVersion: string, supported: readonly string[]): string {
  if (supported.length === 0) {
    return `${JSON.stringify(path)} is not a known field selector: only "metadata.name", "metadata.namespace"`;
  }
  return `Unable to find ${JSON.stringify(apiVersion)} that match label selector "", field selector ${JSON.stringify(text)}: field label not supported: ${path}`;
}

export function matchesFields(selector: FieldSelector, object: Readonly<ApiObject>): boolean {
  return selector.every(({ path, negated, value }) => (fieldText(object, path) === value) !== negated);
}

function fieldText(object: Readonly<ApiObject>, path: string): string {
  const value = at(object, ...path.split('.'));
  if (value === undefined || value === null) return emptyText[path] ?? '';
  return String(value);
}

/** What a missing boolean field counts as. */
const emptyText: Record<string, string> = {
  'spec.unschedulable': 'false',
  'spec.hostNetwork': 'false',
};
