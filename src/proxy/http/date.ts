import { wallNow } from '../network/event-loop.ts';

let second = -1;
let text = '';

/** The `date` header's value as of now (RFC 9110 5.6.7), renewed once a second. */
export function httpDate(): string {
  const current = Math.floor(wallNow() / 1000);
  if (current !== second) {
    second = current;
    text = new Date(current * 1000).toUTCString();
  }
  return text;
}
