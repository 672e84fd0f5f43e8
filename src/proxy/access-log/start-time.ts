/**
 * Compiles the argument of %START_TIME(…)%: strftime's common conversions, and Envoy's %s, %3f, %6f, %9f. Empty: ISO 8601 with milliseconds. The text of a second is kept,
 * because most log lines share it.
 */
export function compileTime(format: string): (ms: number) => string {
  if (format === '') return isoTime;
  const parts = format.split(/(%[1-9]?[a-zA-Z%])/);
  return (ms) => {
    const time = new Date(ms);
    return parts
      .map((part) => (part.startsWith('%') && part.length > 1 ? conversion(part, time, ms) : part))
      .join('');
  };
}

let lastSecond = -1;
let lastText = '';

function isoTime(ms: number): string {
  const whole = Math.floor(ms);
  const second = Math.floor(whole / 1000);
  if (second !== lastSecond) {
    lastSecond = second;
    lastText = new Date(second * 1000).toISOString().slice(0, 19);
  }
  const rest = whole - second * 1000;
  return `${lastText}.${rest < 10 ? '00' : rest < 100 ? '0' : ''}${rest}Z`;
}

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function conversion(code: string, time: Date, ms: number): string {
  const iso = time.toISOString();
  const fraction = /^%([1-9])f$/.exec(code);
  if (fraction !== null) return `${iso.slice(20, 23)}000000`.slice(0, Number(fraction[1]));
  switch (code) {
    case '%Y':
      return iso.slice(0, 4);
    case '%y':
      return iso.slice(2, 4);
    case '%m':
      return iso.slice(5, 7);
    case '%d':
      return iso.slice(8, 10);
    case '%e':
      return String(time.getUTCDate()).padStart(2, ' ');
    case '%H':
      return iso.slice(11, 13);
    case '%M':
      return iso.slice(14, 16);
    case '%S':
      return iso.slice(17, 19);
    case '%F':
      return iso.slice(0, 10);
    case '%T':
      return iso.slice(11, 19);
    case '%s':
      return String(Math.floor(ms / 1000));
    case '%f':
      return `${iso.slice(20, 23)}000000`;
    case '%b':
      return months[time.getUTCMonth()] as string;
    case '%a':
      return days[time.getUTCDay()] as string;
    case '%z':
      return '+0000';
    case '%Z':
      return 'UTC';
    case '%%':
      return '%';
    default:
      return code;
  }
}
