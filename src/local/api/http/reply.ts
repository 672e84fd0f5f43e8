import type { ServerResponse } from 'node:http';
import { errorMessage } from '../../../base/log.ts';
import { toYaml } from '../../../base/yaml.ts';
import { internalError, StatusError } from '../status.ts';

/** Sends JSON text. */
export function sendText(res: ServerResponse, code: number, text: string, type = 'application/json'): void {
  const body = Buffer.from(text);
  res.writeHead(code, { 'Content-Type': type, 'Content-Length': body.length });
  res.end(body);
}

export function sendJson(
  res: ServerResponse,
  code: number,
  value: unknown,
  form?: { yaml: boolean; pretty?: boolean },
): void {
  if (form?.yaml) sendText(res, code, toYaml(value), 'application/yaml');
  else
    sendText(res, code, form?.pretty ? `${JSON.stringify(value, null, 2)}\n` : `${JSON.stringify(value)}\n`);
}

/** Anything thrown, as the Status it is or as an internal error. */
export function statusOf(thrown: unknown): StatusError {
  return thrown instanceof StatusError ? thrown : internalError(errorMessage(thrown));
}

export function sendError(res: ServerResponse, thrown: unknown): void {
  const status = statusOf(thrown);
  if (res.headersSent) {
    res.destroy();
    return;
  }
  if (status.details?.retryAfterSeconds !== undefined) {
    res.setHeader('Retry-After', String(status.details.retryAfterSeconds));
  }
  sendJson(res, status.code, status.toStatus());
}

/** `Warning` headers as RFC 7234 has them. */
export function setWarnings(res: ServerResponse, warnings: readonly string[]): void {
  if (warnings.length === 0) return;
  res.setHeader(
    'Warning',
    warnings.map((text) => `299 - "${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`),
  );
}
