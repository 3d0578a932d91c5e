// How numbers, money and times read. Pure: `now` is an argument, all times are in milliseconds.

import { strings } from "./strings";

const { units, justNow } = strings;

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

/** The change in percent, `−12 %`, `+0.4 %`, `±0 %`; null where there is nothing to compare. */
export function change(from: Amount, to: Amount, locale?: string): string | null {
  const [before, after] = [Number(from), Number(to)];
  if (from == null || to == null || !before || !Number.isFinite(before) || !Number.isFinite(after)) return null;
  if (before === after) return `±0\u00a0%`;
  const size = Math.abs((100 * (after - before)) / before);
  const shown = size < 0.05 ? `<${decimal(0.1, 1, locale)}` : decimal(size, size < 10 ? 1 : 0, locale);
  return `${after < before ? "−" : "+"}${shown}\u00a0%`;
}

type Amount = number | string | null | undefined;

/** A number with at most so many places behind its point. */
export function decimal(value: number, places: number, locale?: string): string {
  return value.toLocaleString(locale, { maximumFractionDigits: places });
}

/** How long ago, in one unit: `now`, `42 s`, `3 min`, `2 h`, `5 d`. */
export function age(then: string, now: number): string {
  const passed = now - Date.parse(then);
  if (passed < 2 * SECOND) return justNow;
  if (passed < MINUTE) return `${Math.floor(passed / SECOND)} ${units.s}`;
  if (passed < HOUR) return `${Math.floor(passed / MINUTE)} ${units.min}`;
  if (passed < DAY) return `${Math.floor(passed / HOUR)} ${units.h}`;
  return `${Math.floor(passed / DAY)} ${units.d}`;
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
  const parts: [number, string][] = [
    [Math.floor(whole / 86400), units.d],
    [Math.floor(whole / 3600) % 24, units.h],
    [Math.floor(whole / 60) % 60, units.min],
    [whole % 60, units.s],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  if (first < 0) return `0 ${units.s}`;
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(" ");
}

const TENTHS = { minimumFractionDigits: 1, maximumFractionDigits: 1 };

/** A latency: `4 ms`, `412 ms`, `1.2 s`, then as a span. */
export function latency(millis: number): string {
  if (millis < 1000) return `${Math.round(millis)} ${units.ms}`;
  if (millis < 10_000) return `${(millis / 1000).toLocaleString(undefined, TENTHS)} ${units.s}`;
  return span(millis / 1000);
}

export function count(amount: number, locale?: string): string {
  return amount.toLocaleString(locale);
}
