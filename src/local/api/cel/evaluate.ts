import { type CelInput, type CelResult, celEnv, isCelError, parse, plan } from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';
import { errorMessage } from '../../../base/log.ts';
import { kubernetesFunctions } from './kubernetes-functions.ts';
import { celValue } from './values.ts';

type Variables = Record<string, CelInput>;
type Program = (variables: Variables) => CelResult;

const environment = celEnv({ funcs: [...strings, ...kubernetesFunctions] });
const programs = new Map<string, Program | string>();
const programLimit = 2000;

/** A compiled expression, or what is wrong with it. Programs are kept by their text. */
export function compileCel(expression: string): Program | string {
  const known = programs.get(expression);
  if (known !== undefined) return known;
  const compiled = compile(expression);
  if (programs.size >= programLimit) programs.clear();
  programs.set(expression, compiled);
  return compiled;
}

function compile(expression: string): Program | string {
  try {
    return plan(environment, parse(expression)) as Program;
  } catch (error) {
    return errorMessage(error);
  }
}

/** The value of an expression, or the message of its failure. */
export function evaluateCel(
  expression: string,
  variables: Variables,
): { value: unknown } | { error: string } {
  const program = compileCel(expression);
  if (typeof program === 'string') return { error: program };
  try {
    const result = program(variables);
    return isCelError(result) ? { error: result.message } : { value: result };
  } catch (error) {
    return { error: errorMessage(error) };
  }
}

/** A yes-or-no expression over plain JSON variables: its value, or why there is none. */
export function evaluateCondition(
  expression: string,
  variables: Readonly<Record<string, unknown>>,
): boolean | string {
  const values = Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [name, celValue(value)]),
  );
  const result = evaluateCel(expression, values);
  if ('error' in result) return result.error;
  return typeof result.value === 'boolean' ? result.value : 'the expression is not a boolean';
}
