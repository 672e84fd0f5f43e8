import { as, record, type Schema, text } from '../schema/schema.ts';
import { portSelector } from './port.schema.ts';

export const destination: Schema = record(
  'Destination',
  'Where requests go: a service of the registry, and optionally one of its subsets and ports.',
  {
    host: text(
      'Name of a Kubernetes service or a host of a ServiceEntry. A short name is completed with the namespace of the rule, not of the service; full names avoid surprises.',
    ),
    subset: text('Name of a subset that a DestinationRule of this host declares.'),
    port: as(portSelector, 'Port of the host; required when the host has more than one.'),
  },
  { required: ['host'] },
);
