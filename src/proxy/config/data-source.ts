import { readFileSync } from 'node:fs';
import { ConfigFault } from '../../match/config-fault.ts';
import type { DataSource } from '../../xds/messages/core.ts';

/** The bytes of a DataSource. */
export function readDataSource(source: DataSource): Buffer {
  if (source.inline_bytes !== undefined) return source.inline_bytes;
  if (source.inline_string !== undefined) return Buffer.from(source.inline_string, 'utf8');
  if (source.environment_variable !== undefined) {
    throw new ConfigFault(
      'environment_variable',
      'the data plane does not read its environment: use filename or inline_string',
    );
  }
  try {
    return readFileSync(source.filename as string);
  } catch (thrown) {
    throw new ConfigFault('filename', `cannot read ${source.filename}: ${(thrown as Error).message}`);
  }
}
