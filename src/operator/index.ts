export { type LeadOptions, leadOperator } from './lead-operator.ts';
export { releaseWhenRemoved } from './release.ts';
