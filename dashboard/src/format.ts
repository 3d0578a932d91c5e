// How numbers, money and times read. Pure: `now` is an argument, all times are in milliseconds.

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const CLOCK = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" } as const;

const moneyFormats = new Map<string, Intl.NumberFormat>();

/** A decimal string in its currency; an unknown code is shown as it is. */
export function money(amount: string, currency: string, locale?: string): string {
  const key = `${locale} ${currency}`;
  let format = moneyFormats.get(key);
  if (!format) {
    format = moneyFormat(currency, locale);
    moneyFormats.set(key, format);
  }
  return format.format(amount as Intl.StringNumericLiteral);
}

function moneyFormat(currency: string, locale?: string): Intl.NumberFormat {
  return new Intl.NumberFormat(locale, { style: "currency", currency, currencyDisplay: "narrowSymbol" });
}

/** The change from an old price to a new one in whole percent, `−12 %`; null where there is nothing to compare. */
export function change(previous: string | null, price: string | null): string | null {
  const before = Number(previous);
  const after = Number(price);
  if (previous === null || price === null || !(before > 0) || before === after) return null;
  const percent = ((after - before) / before) * 100;
  const size = Math.abs(percent);
  return `${percent < 0 ? "−" : "+"}${size < 1 ? "<1" : Math.round(size)}\u00a0%`;
}

/** How long ago, in one unit: `now`, `42 s`, `3 min`, `2 h`, `5 d`. */
export function age(then: string, now: number): string {
  const passed = now - Date.parse(then);
  if (passed < 2 * SECOND) return "now";
  if (passed < MINUTE) return `${Math.floor(passed / SECOND)} s`;
  if (passed < HOUR) return `${Math.floor(passed / MINUTE)} min`;
  if (passed < DAY) return `${Math.floor(passed / HOUR)} h`;
  return `${Math.floor(passed / DAY)} d`;
}

/** The time of day with seconds, with its date in front where that is not today. */
export function clock(then: string, now: number, locale?: string): string {
  const moment = new Date(then);
  const time = moment.toLocaleTimeString(locale, { ...CLOCK });
  const today = moment.toDateString() === new Date(now).toDateString();
  return today ? time : `${moment.toLocaleDateString(locale, { day: "numeric", month: "short" })}, ${time}`;
}

/** Date, time, milliseconds and zone: nothing left to guess. */
export function exact(then: string, locale?: string): string {
  return new Date(then).toLocaleString(locale, {
    year: "numeric",
    month: "short",
    day: "numeric",
    ...CLOCK,
    fractionalSecondDigits: 3,
    timeZoneName: "short",
  });
}

/** A span of seconds in its two largest units: `45 s`, `3 min 12 s`, `2 h 5 min`. */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const units: [number, string][] = [
    [Math.floor(whole / 86400), "d"],
    [Math.floor(whole / 3600) % 24, "h"],
    [Math.floor(whole / 60) % 60, "min"],
    [whole % 60, "s"],
  ];
  const first = units.findIndex(([count]) => count > 0);
  if (first < 0) return "0 s";
  return units
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(" ");
}

/** A latency: `4 ms`, `412 ms`, `1.2 s`, then as a span. */
export function latency(millis: number): string {
  if (millis < 1000) return `${Math.round(millis)} ms`;
  if (millis < 10_000) return `${(millis / 1000).toFixed(1)} s`;
  return span(millis / 1000);
}

export function count(amount: number, locale?: string): string {
  return amount.toLocaleString(locale);
}
