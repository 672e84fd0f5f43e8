/** A parsed five-field cron expression; `next` is in local time, as cron has it. */
export interface CronSchedule {
  /** The first matching minute after an instant, both in milliseconds; undefined when none comes within five years. */
  next(afterMs: number): number | undefined;
}

const ranges = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12 },
  { min: 0, max: 7 },
] as const;

const names: Readonly<Record<string, number>> = {
  jan: 1,
  feb: 2,
  mar: 3,
  apr: 4,
  may: 5,
  jun: 6,
  jul: 7,
  aug: 8,
  sep: 9,
  oct: 10,
  nov: 11,
  dec: 12,
  sun: 0,
  mon: 1,
  tue: 2,
  wed: 3,
  thu: 4,
  fri: 5,
  sat: 6,
};

const shorthands: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

/** Parses `minute hour day month weekday` with lists, ranges, steps, names and the @-shorthands; an error text when it is wrong. */
export function parseCron(text: string): CronSchedule | { error: string } {
  const fields = (shorthands[text.trim().toLowerCase()] ?? text).trim().split(/\s+/);
  if (fields.length !== 5)
    return { error: `expected 5 fields in the schedule "${text}", found ${fields.length}` };
  const sets: Set<number>[] = [];
  for (const [i, range] of ranges.entries()) {
    const set = parseField(fields[i] as string, range);
    if (set === undefined)
      return { error: `field ${i + 1} of the schedule "${text}" is not valid: ${fields[i]}` };
    sets.push(set);
  }
  const [minutes, hours, days, months, weekdays] = sets as [
    Set<number>,
    Set<number>,
    Set<number>,
    Set<number>,
    Set<number>,
  ];
  if (weekdays.has(7)) weekdays.add(0);
  const anyDay = fields[2] === '*' || fields[2] === '?';
  const anyWeekday = fields[4] === '*' || fields[4] === '?';
  const dayMatches = (date: Date) => {
    const day = days.has(date.getDate());
    const weekday = weekdays.has(date.getDay());
    return anyDay || anyWeekday ? day && weekday : day || weekday;
  };
  return {
    next(afterMs) {
      const date = new Date(afterMs);
      date.setSeconds(60, 0);
      const limit = afterMs + 5 * 366 * 86_400_000;
      while (date.getTime() < limit) {
        if (!months.has(date.getMonth() + 1) || !dayMatches(date)) date.setHours(24, 0, 0, 0);
        else if (!hours.has(date.getHours())) date.setMinutes(60, 0, 0);
        else if (!minutes.has(date.getMinutes())) date.setSeconds(60, 0);
        else return date.getTime();
      }
      return undefined;
    },
  };
}

function parseField(text: string, { min, max }: { min: number; max: number }): Set<number> | undefined {
  const set = new Set<number>();
  for (const part of text.toLowerCase().split(',')) {
    const match = /^(\*|\?|[a-z0-9]+)(?:-([a-z0-9]+))?(?:\/(\d+))?$/.exec(part);
    if (match === null) return undefined;
    const [, low = '', high, step] = match;
    const whole = low === '*' || low === '?';
    const from = whole ? min : numberOf(low);
    const to = whole ? max : high === undefined ? (step === undefined ? from : max) : numberOf(high);
    const by = step === undefined ? 1 : Number(step);
    if (from === undefined || to === undefined || from < min || to > max || from > to || by < 1)
      return undefined;
    for (let value = from; value <= to; value += by) set.add(value);
  }
  return set;
}

function numberOf(text: string): number | undefined {
  return /^\d+$/.test(text) ? Number(text) : names[text];
}
