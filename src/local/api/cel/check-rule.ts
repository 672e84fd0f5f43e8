import { parse } from '@bufbuild/cel';
import { schemaOf } from '../crd/schema.ts';
import type { Fields } from '../object.ts';
import type { Schema } from '../schema/schema.ts';
import { compileCel } from './evaluate.ts';
import { escapeField } from './values.ts';

type Expression = ReturnType<typeof parse>['expr'];

/** What is wrong with a rule on a schema: its syntax, or a field of `self` or `oldSelf` that the schema does not have. */
export function ruleFault(rule: string, props: Fields): string | undefined {
  const compiled = compileCel(rule);
  if (typeof compiled === 'string') {
    const [, place = '<input>', text = compiled] = /^(<input>:\d+:\d+): (.*)$/s.exec(compiled) ?? [];
    return `${place}: Syntax error: ${text}`;
  }
  const found: string[] = [];
  visit(parse(rule).expr, schemaOf(props), found);
  return found.length === 0 ? undefined : `<input>: undefined field '${found[0]}'`;
}

/** Walks an expression; the result is the schema of its value where that is known. */
function visit(expr: Expression | undefined, self: Schema, found: string[]): Schema | undefined {
  const kind = expr?.exprKind;
  switch (kind?.case) {
    case 'identExpr':
      return kind.value.name === 'self' || kind.value.name === 'oldSelf' ? self : undefined;
    case 'selectExpr':
      return select(visit(kind.value.operand, self, found), kind.value.field, found);
    case 'callExpr': {
      const target = visit(kind.value.target, self, found);
      const args = kind.value.args.map((one) => visit(one, self, found));
      return kind.value.function === '_[_]' ? args[0]?.items : target && undefined;
    }
    case 'listExpr':
      for (const one of kind.value.elements) visit(one, self, found);
      return undefined;
    case 'comprehensionExpr': {
      const { iterRange, loopCondition, loopStep, result, iterVar } = kind.value;
      visit(iterRange, self, found);
      if (iterVar === 'self') return undefined;
      for (const one of [loopCondition, loopStep, result]) visit(one, self, found);
      return undefined;
    }
    default:
      return undefined;
  }
}

function select(schema: Schema | undefined, field: string, found: string[]): Schema | undefined {
  if (schema?.properties === undefined) {
    return typeof schema?.additional === 'object' ? schema.additional : undefined;
  }
  for (const [name, inner] of Object.entries(schema.properties))
    if (escapeField(name) === field) return inner;
  const open =
    schema.preserveUnknown || schema.embedded || ['metadata', 'apiVersion', 'kind'].includes(field);
  if (!open) found.push(field);
  return undefined;
}
