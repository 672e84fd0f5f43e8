/** `metav1.LabelSelector`. */
export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly { key: string; operator: string; values?: readonly string[] }[];
}

export type Labels = Readonly<Record<string, string>> | undefined;

/** Whether labels satisfy a selector; an empty selector matches everything, a missing one nothing. */
export function selectorMatches(selector: LabelSelector | undefined, labels: Labels): boolean {
  if (selector === undefined) return false;
  const own = labels ?? {};
  const exact = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => own[key] === value);
  return exact && (selector.matchExpressions ?? []).every((rule) => expressionMatches(rule, own));
}

function expressionMatches(
  rule: { key: string; operator: string; values?: readonly string[] },
  labels: Record<string, string>,
): boolean {
  const value = labels[rule.key];
  switch (rule.operator) {
    case 'In':
      return value !== undefined && (rule.values ?? []).includes(value);
    case 'NotIn':
      return value === undefined || !(rule.values ?? []).includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return false;
  }
}
