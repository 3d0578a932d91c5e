// Why nothing leaves on a lane now, for whoever wonders where the alerts are. Pure: `now` is in milliseconds.

import { clock } from "./format";
import { plain } from "./words";

/** `opens_at` is null where time alone opens nothing; `rate` (`30/60s`) is the one that is used up, where it is that. */
export interface Closed {
  why: string;
  opens_at: string | null;
  rate: string;
}

const PROVIDERS: Record<string, string> = { discord: "Discord", webhook: "The receiver" };

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
  if (closed.why === "breaker") return `Failing${failures ? ` (${failures}×)` : ""}, ${nextTry(until)}`;
  if (closed.why === "in_flight") return "Busy: the answers to what was sent are awaited";
  if (closed.why === "disabled") return "Nothing leaves: a target with the same address is disabled. Enable that one";
  return `Paused${until && ` until ${until}`}: ${cause(closed, PROVIDERS[channel] ?? "The provider")}`;
}

function nextTry(until: string): string {
  return until ? `next try at ${until}` : "the next alert is the next try";
}

function cause({ why, rate }: Closed, provider: string): string {
  if (why === "rate_limited") return `${provider} asked us to wait (429)`;
  if (why === "credentials")
    return `${provider} refused our key. Put one that works into the configuration, then reload`;
  if (why === "pacing" && rate) return `its rate is used up (${spoken(rate)})`;
  if (why === "pacing") return `${provider} takes no more before then`;
  return plain(why);
}

/** `30/60s` as `30 in 60 s`. */
function spoken(rate: string): string {
  return rate.replace("/", " in ").replace(/s$/, " s");
}
