// How the buckets of a period read, by the clocks of its zone. Pure.

import { bucketOf } from "./figures";
import type { Told } from "./statistics.svelte";

const HOUR = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
const DAY = { day: "numeric", month: "short" } as const;

/** What tells a bucket by when it begins. */
export function spanLabel({ period, question }: Pick<Told, "period" | "question">): (at: string) => string {
  const how = bucketOf(period.hours) === "hour" ? HOUR : DAY;
  const format = new Intl.DateTimeFormat(undefined, { ...how, timeZone: question.zone });
  return (at) => format.format(new Date(at));
}

/** A minute of a period, with its day. */
export function minuteLabel({ period, question }: Pick<Told, "period" | "question">): (minute: number) => string {
  const format = new Intl.DateTimeFormat(undefined, { ...DAY, ...HOUR, timeZone: question.zone });
  const begin = Date.parse(period.since);
  return (minute) => format.format(new Date(begin + minute * 60_000));
}
