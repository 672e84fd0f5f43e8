import { asList, asObject } from '../object.ts';
import { badRequest } from '../status.ts';

export interface Requirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt';
  readonly values: readonly string[];
}

export type Labels = Readonly<Record<string, string>> | undefined;

/** A label selector: all requirements must hold. The empty one matches everything. */
export type LabelSelector = readonly Requirement[];

export function matchesLabels(selector: LabelSelector, labels: Labels): boolean {
  return selector.every((requirement) => holds(requirement, labels?.[requirement.key]));
}

function holds({ operator, values }: Requirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return value !== undefined && Number(value) > Number(values[0]);
    case 'Lt':
      return value !== undefined && Number(value) < Number(values[0]);
  }
}

const term =
  /^\s*(?:(!)\s*([^\s,!=<>()]+)|([^\s,!=<>()]+)\s*(?:(==|=|!=|>|<)\s*([^\s,!=<>()]*)|\s(in|notin)\s*\(([^()]*)\))?)\s*(?:,|$)/;

/** Parses the query form: `a=b,c!=d,e in (f,g),h notin (i),j,!k`. Throws a 400 on anything else. */
export function parseLabelSelector(text: string | undefined): LabelSelector {
  const requirements: Requirement[] = [];
  let rest = text ?? '';
  while (rest.trim() !== '') {
    const match = term.exec(rest);
    if (match === null) {
      throw badRequest(`unable to parse requirement: found '${rest.trim()}', expected: a label selector`);
    }
    rest = rest.slice(match[0].length);
    requirements.push(requirementOf(match));
  }
  return requirements;
}

function requirementOf(match: RegExpExecArray): Requirement {
  const [, not, absent, key = '', sign, value = '', set, list] = match;
  if (not !== undefined) return { key: absent as string, operator: 'DoesNotExist', values: [] };
  if (set !== undefined) {
    const values = (list ?? '').split(',').map((one) => one.trim());
    return { key, operator: set === 'in' ? 'In' : 'NotIn', values };
  }
  if (sign === undefined) return { key, operator: 'Exists', values: [] };
  if (sign === '>') return { key, operator: 'Gt', values: [value] };
  if (sign === '<') return { key, operator: 'Lt', values: [value] };
  return { key, operator: sign === '!=' ? 'NotIn' : 'In', values: [value] };
}

/** Reads a LabelSelector object (matchLabels, matchExpressions); a missing one matches everything. */
export function labelSelectorOf(value: unknown): LabelSelector {
  const selector = asObject(value);
  const requirements: Requirement[] = [];
  for (const [key, wanted] of Object.entries(asObject(selector?.['matchLabels']) ?? {})) {
    requirements.push({ key, operator: 'In', values: [String(wanted)] });
  }
  for (const expression of asList(selector?.['matchExpressions'])) {
    const { key, operator, values } = expression as Requirement;
    requirements.push({ key, operator, values: values ?? [] });
  }
  return requirements;
}

/** The query form of a selector, as `scale.status.selector` shows it. */
export function formatLabelSelector(selector: LabelSelector): string {
  return selector
    .map(({ key, operator, values }) => {
      if (operator === 'In')
        return values.length === 1 ? `${key}=${values[0]}` : `${key} in (${values.join(',')})`;
      if (operator === 'NotIn') return `${key} notin (${values.join(',')})`;
      return operator === 'Exists' ? key : `!${key}`;
    })
    .join(',');
}

/** A plain map of labels (as Services and ReplicationControllers have it) as a selector. */
export function labelsOfSelector(value: unknown): LabelSelector {
  return Object.entries(asObject(value) ?? {}).map(([key, wanted]) => ({
    key,
    operator: 'In',
    values: [String(wanted)],
  }));
}
