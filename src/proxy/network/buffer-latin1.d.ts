/** Node's own fast paths between Buffer and latin1 strings; public on Buffer for years, missing from @types/node. */
interface Buffer {
  latin1Slice(start?: number, end?: number): string;
  latin1Write(text: string, offset?: number, length?: number): number;
}
