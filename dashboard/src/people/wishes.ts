// What is written into the form of somebody's preferences, and what is kept of it. Pure: what the form does not show stays.

import type { ByChannel, Match, Preferences } from "./directory";

export const CHANNELS = ["push", "sms", "email", "voice"] as const;
export type Channel = (typeof CHANNELS)[number];

export interface Wishes {
  families: string;
  products: string;
  least: string;
  on: Record<Channel, boolean>;
  perDay: Record<Channel, string>;
  oneChannel: boolean;
  order: string;
  from: string;
  to: string;
  then: string;
  loud: string;
}

export function wishesOf({ match = {}, channels = {}, order, one_channel, quiet }: Preferences): Wishes {
  const each = <T>(read: (wish: ByChannel) => T) =>
    Object.fromEntries(CHANNELS.map((name) => [name, read(channels[name] ?? {})])) as Record<Channel, T>;
  return {
    families: words(match.families),
    products: words(match.products),
    least: number(match.min_priority),
    on: each(({ on = true }) => on),
    perDay: each(({ per_day }) => number(per_day)),
    oneChannel: one_channel ?? false,
    order: words(order),
    from: quiet?.from ?? "",
    to: quiet?.to ?? "",
    then: quiet?.do ?? "hold",
    loud: number(quiet?.except?.min_priority),
  };
}

/** The preferences with these wishes in place of what they had. */
export function preferring(before: Preferences, wishes: Wishes): Preferences {
  const match = without(before.match, {
    families: listed(wishes.families),
    products: listed(wishes.products),
    min_priority: amount(wishes.least),
  });
  const channels = Object.fromEntries(
    CHANNELS.map((name) => {
      const wish = without(before.channels?.[name], {
        on: wishes.on[name] ? undefined : false,
        per_day: amount(wishes.perDay[name]),
      });
      return [name, wish] as const;
    }).filter(([, wish]) => Object.keys(wish).length),
  );
  const loud = without(before.quiet?.except ?? undefined, { min_priority: amount(wishes.loud) });
  const quiet =
    wishes.from || wishes.to
      ? { from: wishes.from, to: wishes.to, do: wishes.then, ...(Object.keys(loud).length ? { except: loud } : {}) }
      : undefined;
  return without(before as Match, {
    match: Object.keys(match).length ? match : undefined,
    channels: Object.keys(channels).length ? channels : undefined,
    order: listed(wishes.order),
    one_channel: wishes.oneChannel || undefined,
    quiet,
  }) as Preferences;
}

/** With these values; what is undefined is taken out. */
function without(before: object | undefined, values: Record<string, unknown>): Match {
  return Object.fromEntries(Object.entries({ ...before, ...values }).filter(([, value]) => value !== undefined));
}

function listed(text: string): string[] | undefined {
  const all = text
    .split(",")
    .map((word) => word.trim())
    .filter(Boolean);
  return all.length ? [...new Set(all)] : undefined;
}

function words(value: unknown): string {
  return Array.isArray(value) ? value.join(", ") : "";
}

function number(value: unknown): string {
  return typeof value === "number" ? String(value) : "";
}

function amount(text: string | number): number | undefined {
  const value = String(text).trim();
  return value === "" ? undefined : Number(value);
}
