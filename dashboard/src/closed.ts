// Why nothing leaves on a lane now, for whoever wonders where the alerts are. Pure: `now` is in milliseconds.

import { clock } from "./format";
import { strings } from "./strings";
import { plain } from "./words";

/** `opens_at` is null where time alone opens nothing; `rate` (`30/60s`) is the one that is used up, where it is that. */
export interface Closed {
  why: string;
  opens_at: string | null;
  rate: string;
}

const text = strings.channels;

/** A pause that is over by now was over before the page heard of it. */
export function isClosed(closed: Closed | null | undefined, now: number): closed is Closed {
  if (!closed) return false;
  const { why, opens_at } = closed;
  return why === "breaker" || why === "in_flight" || opens_at === null || Date.parse(opens_at) > now;
}

/** `Paused until 14:03:10: Discord asked us to wait (429)`. */
export function standstill(closed: Closed, channel: string, failures: number, now: number, locale?: string): string {
  const until =
    closed.opens_at !== null && Date.parse(closed.opens_at) > now ? clock(closed.opens_at, now, locale) : "";
  if (closed.why === "breaker") return text.failing(failures, until ? text.nextTry(until) : text.nextAlert);
  if (closed.why === "in_flight") return text.inFlight;
  if (closed.why === "disabled") return text.sharedDisabled;
  return text.paused(until, cause(closed, text.providers[channel] ?? text.provider));
}

function cause({ why, rate }: Closed, provider: string): string {
  if (why === "rate_limited") return text.rateLimited(provider);
  if (why === "credentials") return text.credentials(provider);
  if (why !== "pacing") return plain(why);
  const [, count, seconds] = /^(.+)\/(.+)s$/.exec(rate) ?? [];
  return count && seconds ? text.rateUsed(count, seconds) : text.noMore(provider);
}
