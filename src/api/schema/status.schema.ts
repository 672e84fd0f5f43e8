import { list, oneOfWords, record, type Schema, text } from './schema.ts';

const generation: Schema = {
  description: 'Generation of the object that was looked at last.',
  anyOf: [{ type: 'integer' }, { type: 'string' }],
  'x-kubernetes-int-or-string': true,
};

const condition = record('IstioCondition', 'One aspect of the state of the object.', {
  type: text('Name of the aspect: `Reconciled`.'),
  status: text('True, False or Unknown.'),
  observedGeneration: generation,
  lastProbeTime: text('When it was looked at last.', { format: 'date-time' }),
  lastTransitionTime: text('When status changed last.', { format: 'date-time' }),
  reason: text('Reason in one word.'),
  message: text('Reason in a sentence.'),
});

/** `status` of every kind but IstioOperator. */
export const istioStatus: Schema = record(
  'IstioStatus',
  'What the control plane made of the object.',
  {
    conditions: list(condition, 'Aspects of the state.'),
    validationMessages: list(
      record('AnalysisMessage', 'A finding about the object.', {
        type: record('AnalysisMessageType', 'Kind of finding.', {
          name: text('Name of the kind of finding.'),
          code: text('Code of the kind of finding: `IST0101`.'),
        }),
        level: oneOfWords('How bad it is.', ['UNKNOWN', 'ERROR', 'WARNING', 'INFO']),
        documentationUrl: text('Where it is explained.'),
      }),
      'Findings about the object.',
    ),
    observedGeneration: generation,
  },
  { 'x-kubernetes-preserve-unknown-fields': true },
);
