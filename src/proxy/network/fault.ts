/** Faults of the proxy itself: whatever throws in a callback ends what it concerned (a connection, a timer), is reported here, and never ends the process. */
let report: (where: string, thrown: unknown) => void = () => {};

export function onFault(reporter: (where: string, thrown: unknown) => void): void {
  report = reporter;
}

export function reportFault(where: string, thrown: unknown): void {
  report(where, thrown);
}
