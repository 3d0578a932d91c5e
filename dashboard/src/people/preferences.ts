// How a person's preferences read, one line for each. Pure.

import { strings } from "../strings";
import { plain } from "../words";
import type { ByChannel, Match, Preferences } from "./directory";
import { channel as channelWord } from "./words";

export interface Line {
  what: string;
  told: string;
}

const text = strings.people.wishes;

/** Nothing for whoever prefers nothing. `day` tells a moment. */
export function lines(preferences: Preferences, day: (at: string) => string): Line[] {
  const { match, mute = [], channels = {}, order = [], one_channel, quiet } = preferences;
  const told: Line[] = [];
  const wanted = wishes(match);
  if (wanted) told.push({ what: text.wants, told: wanted });
  for (const one of mute) {
    const more = [one.until ? text.until(day(one.until)) : "", one.why ? `(${plain(one.why)})` : ""];
    told.push({ what: text.notAnyMore, told: [wishes(one.match), ...more].filter(Boolean).join(" ") });
  }
  for (const [name, wish] of Object.entries(channels))
    told.push({ what: text.by(channelWord(name)), told: byChannel(wish) });
  if (order.length) {
    const names = order.map(channelWord).join(text.then);
    told.push({ what: text.order, told: one_channel ? text.nextWhereFails(names) : names });
  }
  if (quiet) {
    const loud = wishes(quiet.except ?? undefined);
    const rest = text.quietFrom(
      quiet.from ?? "",
      quiet.to ?? "",
      text.quiets[quiet.do ?? "hold"] ?? plain(quiet.do ?? ""),
    );
    told.push({ what: text.quiet, told: loud ? text.but(rest, loud) : rest });
  }
  return told;
}

function byChannel({ on = true, match, per_day, sound, digest }: ByChannel): string {
  if (!on) return text.nothing;
  const parts = [
    wishes(match),
    per_day ? text.perDay(per_day) : "",
    digest ? text.gathered(plain(digest)) : "",
    sound ? text.sound(sound) : "",
  ].filter(Boolean);
  return parts.join(", ") || text.yes;
}

/** What a match lets through; empty where that is everything. */
function wishes(match: Match | undefined): string {
  return Object.entries(match ?? {})
    .map(([key, value]) => {
      if (key === "min_priority") return text.least(String(value));
      if (Array.isArray(value)) return `${text.keys[key] ?? plain(key)} ${value.join(text.or)}`;
      return `${plain(key)}: ${String(value)}`;
    })
    .join(", ");
}
