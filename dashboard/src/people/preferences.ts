// How a person's preferences read, one line for each. Pure.

import { plain } from "../words";
import type { ByChannel, Match, Preferences } from "./directory";
import { channel as channelWord } from "./words";

export interface Line {
  what: string;
  told: string;
}

const KEYS: Record<string, string> = {
  types: "type",
  bands: "band",
  skus: "SKU",
  retailers: "retailer",
  families: "family",
  products: "product",
};

const QUIET: Record<string, string> = { hold: "it waits", silent: "it comes without a sound", drop: "it is left out" };

/** Nothing for whoever prefers nothing. `day` tells a moment. */
export function lines(preferences: Preferences, day: (at: string) => string): Line[] {
  const { match, mute = [], channels = {}, order = [], one_channel, quiet } = preferences;
  const told: Line[] = [];
  const wanted = wishes(match);
  if (wanted) told.push({ what: "Wants", told: wanted });
  for (const one of mute) {
    const more = [one.until ? `until ${day(one.until)}` : "", one.why ? `(${plain(one.why)})` : ""];
    told.push({ what: "Not any more", told: [wishes(one.match), ...more].filter(Boolean).join(" ") });
  }
  for (const [name, wish] of Object.entries(channels))
    told.push({ what: `By ${channelWord(name)}`, told: byChannel(wish) });
  if (order.length) {
    const names = order.map(channelWord).join(", then ");
    told.push({ what: "Order", told: one_channel ? `${names}, the next where one fails` : names });
  }
  if (quiet) {
    const loud = wishes(quiet.except ?? undefined);
    const rest = `${quiet.from} to ${quiet.to}, ${QUIET[quiet.do ?? "hold"] ?? plain(quiet.do ?? "")}`;
    told.push({ what: "Quiet", told: loud ? `${rest}; not for ${loud}` : rest });
  }
  return told;
}

function byChannel({ on = true, match, per_day, sound, digest }: ByChannel): string {
  if (!on) return "nothing";
  const parts = [
    wishes(match),
    per_day ? `${per_day} a day at most` : "",
    digest ? `gathered ${plain(digest)}` : "",
    sound ? `sound ${sound}` : "",
  ].filter(Boolean);
  return parts.join(", ") || "yes";
}

/** What a match lets through; empty where that is everything. */
function wishes(match: Match | undefined): string {
  return Object.entries(match ?? {})
    .map(([key, value]) => {
      if (key === "min_priority") return `priority ${value} and above`;
      if (Array.isArray(value)) return `${KEYS[key] ?? plain(key)} ${value.join(" or ")}`;
      return `${plain(key)}: ${String(value)}`;
    })
    .join(", ");
}
