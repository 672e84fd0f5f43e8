import { atMostOne, record, type Schema, text } from '../schema/schema.ts';

export const stringMatch: Schema = record(
  'StringMatch',
  'How a value is compared; case-sensitive.',
  {
    exact: text('The whole value.'),
    prefix: text('The beginning of the value.'),
    regex: text('An RE2 expression that must match the whole value.'),
  },
  atMostOne(['exact', 'prefix', 'regex']),
);
