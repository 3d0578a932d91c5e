// A product on the watch list, as the service tells of it. Pure.

import type { Alert, AlertType } from "./alert";
import { strings } from "./strings";
import type { Tone } from "./words";

export const WATCH_STATES = ["in_stock", "sold_out", "silent", "announced", "unseen"] as const;
export type WatchState = (typeof WATCH_STATES)[number];

export interface PricePoint {
  at: string;
  price: string;
}

export interface Watched {
  sku: string;
  retailer: string;
  variant: string | null;
  seller: string | null;
  state: Exclude<WatchState, "silent">;
  since: string | null;
  /** Every monitor that looks at it is lost: the rest is from before. */
  silent_since: string | null;
  last_seen_at: string | null;
  last_alert: Alert | null;
  /** The oldest first. */
  prices: PricePoint[];
  monitors: { id: string; state: "active" | "lost"; heard_at: string }[];
}

export interface WatchPlace {
  text: string;
  state: WatchState | "";
  monitor: string;
}

export function readWatchPlace(search: string): WatchPlace {
  const query = new URLSearchParams(search);
  const state = query.get("state");
  return {
    text: query.get("q") ?? "",
    state: WATCH_STATES.find((one) => one === state) ?? "",
    monitor: query.get("monitor") ?? "",
  };
}

export function writeWatchPlace({ text, state, monitor }: WatchPlace): string {
  const query = new URLSearchParams({ room: "watch" });
  for (const [key, value] of Object.entries({ q: text.trim(), state, monitor })) if (value) query.set(key, value);
  return `?${query}`;
}

export function keyOf({ retailer, sku, variant, seller }: Watched): string {
  return JSON.stringify([retailer, sku, variant, seller]);
}

export function standing(product: Watched): { word: string; tone: Tone; since: string | null } {
  const { state, silent_since: silent, since } = product;
  if (silent) return { word: strings.watch.states.silent, tone: "bad", since: silent };
  const tone = state === "in_stock" ? "good" : state === "announced" ? "busy" : "off";
  return { word: strings.watch.states[state], tone, since };
}

/** The points of a line through the prices, in a box of that size, a pixel from its edges. */
export function sparkline(prices: readonly PricePoint[], width: number, height: number): string {
  const values = prices.map(({ price }) => Number(price));
  const least = Math.min(...values);
  const span = Math.max(...values) - least;
  const step = (width - 2) / Math.max(1, values.length - 1);
  const y = (value: number): number => (span ? 1 + (height - 2) * (1 - (value - least) / span) : height / 2);
  return values.map((value, index) => `${round(1 + index * step)},${round(y(value))}`).join(" ");
}

/** An alert as one about this product could come next, to ask what would become of it. */
export function sampleOf(product: Watched, type: AlertType, price: string): Record<string, unknown> {
  const { sku, retailer, variant, seller, last_alert: last } = product;
  const known = { variant, seller, product_name: last?.product_name, url: last?.url, currency: last?.currency };
  const told = Object.fromEntries(Object.entries(known).filter(([, value]) => value));
  return { type, sku, retailer, ...told, ...(price.trim() ? { price: price.trim() } : {}) };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
