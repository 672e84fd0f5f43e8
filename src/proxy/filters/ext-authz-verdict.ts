import { fieldBytes, fieldNumber, fieldText, readProto, readStruct } from './protobuf.ts';

/** A header change an authorization service asks for. */
export interface HeaderChange {
  readonly name: string;
  readonly value: string;
  readonly append: boolean;
}

/** What an authorization service decided. */
export interface Verdict {
  readonly kind: 'ok' | 'denied';
  /** Of the denial. */
  readonly status: number;
  readonly body: string;
  /** ok: changes of the request; denied: headers of the reply. */
  readonly headers: readonly HeaderChange[];
  readonly headersToRemove: readonly string[];
  readonly responseHeaders: readonly HeaderChange[];
  readonly metadata: Readonly<Record<string, unknown>> | undefined;
}

/** envoy.service.auth.v3.CheckResponse. */
export function readCheckResponse(data: Buffer): Verdict {
  const fields = readProto(data);
  const status = fieldBytes(fields, 1);
  const ok = status === undefined || fieldNumber(readProto(status), 1) === 0;
  const metadata = fieldBytes(fields, 4);
  const detail = readProto(fieldBytes(fields, ok ? 3 : 2) ?? Buffer.alloc(0));
  const httpStatus = ok ? undefined : fieldBytes(detail, 1);
  return {
    kind: ok ? 'ok' : 'denied',
    status: httpStatus === undefined ? 403 : fieldNumber(readProto(httpStatus), 1) || 403,
    body: ok ? '' : fieldText(detail, 3),
    headers: changes(detail, 2),
    headersToRemove: ok
      ? detail.filter((f) => f.field === 5).map((f) => f.bytes.toString('latin1').toLowerCase())
      : [],
    responseHeaders: ok ? changes(detail, 6) : [],
    metadata: metadata === undefined ? undefined : readStruct(metadata),
  };
}

function changes(fields: ReturnType<typeof readProto>, number: number): HeaderChange[] {
  return fields
    .filter((f) => f.field === number)
    .map((f) => {
      const option = readProto(f.bytes);
      const header = readProto(fieldBytes(option, 1) ?? Buffer.alloc(0));
      const append = fieldBytes(option, 2);
      const raw = fieldBytes(header, 3);
      const value =
        raw !== undefined && raw.length > 0
          ? raw.toString('latin1')
          : (fieldBytes(header, 2)?.toString('latin1') ?? '');
      return {
        name: fieldText(header, 1).toLowerCase(),
        value,
        append: append !== undefined && fieldNumber(readProto(append), 1) === 1,
      };
    })
    .filter((change) => change.name !== '' && !/[\0\r\n]/.test(change.name + change.value));
}
