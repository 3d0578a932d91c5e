// Which alerts the page shows. The filter lives in the address, so that a view can be kept, shared and reloaded.

import { type Alert, type AlertType, BANDS, type Band, type Decision, TYPES } from "./alert";

export const SPANS = { "15m": 900, "1h": 3600, "6h": 21_600, "24h": 86_400, "7d": 604_800 } as const;
export type Span = keyof typeof SPANS;

export interface Filter {
  /** Looked for in product, SKU, retailer and variant of what is loaded; the rest is asked of the service. */
  text: string;
  types: AlertType[];
  bands: Band[];
  retailers: string[];
  skus: string[];
  decision: Decision | null;
  within: Span | null;
}

export const EVERYTHING: Filter = {
  text: "",
  types: [],
  bands: [],
  retailers: [],
  skus: [],
  decision: null,
  within: null,
};

const DECISIONS: readonly Decision[] = ["accepted", "filtered"];

/** Reads a filter from an address; what it does not know, it leaves out. */
export function readFilter(search: string): Filter {
  const query = new URLSearchParams(search);
  return {
    text: query.get("q") ?? "",
    types: known(list(query.get("types")), TYPES),
    bands: known(list(query.get("bands")), BANDS),
    retailers: list(query.get("retailers")),
    skus: list(query.get("skus")),
    decision: known(list(query.get("decision")), DECISIONS)[0] ?? null,
    within: known(list(query.get("within")), Object.keys(SPANS) as Span[])[0] ?? null,
  };
}

/** The address's query with this filter in it; other keys stay. */
export function writeFilter(filter: Filter, search: string): string {
  const query = new URLSearchParams(search);
  for (const [key, value] of Object.entries({ q: filter.text.trim(), within: filter.within, ...structural(filter) })) {
    if (value) query.set(key, value);
    else query.delete(key);
  }
  return plainCommas(query);
}

/** Asks the service for this filter's history: `since` is fixed at `now`. */
export function historyQuery(filter: Filter, now: number): URLSearchParams {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(structural(filter))) if (value) query.set(key, value);
  if (filter.within) query.set("since", new Date(now - SPANS[filter.within] * 1000).toISOString());
  return query;
}

/** The `match` of a live subscription; empty is everything. */
export function asMatch({ types, bands, retailers, skus }: Filter): Record<string, string[]> {
  return Object.fromEntries(Object.entries({ types, bands, retailers, skus }).filter(([, values]) => values.length));
}

/** The conditions that no question to the service has settled: the text, and what time and decision say now. */
export function admits(filter: Filter, alert: Alert, now: number): boolean {
  return (
    (!filter.decision || alert.decision === filter.decision) &&
    (!filter.within || now - Date.parse(alert.accepted_at) <= SPANS[filter.within] * 1000) &&
    saysAll(alert, filter.text)
  );
}

export function isEverything(filter: Filter): boolean {
  return writeFilter(filter, "") === "";
}

/** Whether the service must be asked again: all but the text is its to answer. */
export function sameQuestion(one: Filter, other: Filter): boolean {
  return writeFilter({ ...one, text: "" }, "") === writeFilter({ ...other, text: "" }, "");
}

export function list(text: string | null): string[] {
  return [...new Set((text ?? "").split(",").map((word) => word.trim()))].filter(Boolean);
}

export function toggled<T>(values: T[], value: T): T[] {
  return values.includes(value) ? values.filter((other) => other !== value) : [...values, value];
}

function structural(filter: Filter): Record<string, string> {
  return {
    types: filter.types.join(","),
    bands: filter.bands.join(","),
    retailers: filter.retailers.join(","),
    skus: filter.skus.join(","),
    decision: filter.decision ?? "",
  };
}

function saysAll(alert: Alert, text: string): boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return true;
  const said = [alert.product_name, alert.sku, alert.retailer, alert.variant, alert.seller].join("\n").toLowerCase();
  return words.every((word) => said.includes(word));
}

function known<T extends string>(words: string[], allowed: readonly T[]): T[] {
  return words.filter((word): word is T => (allowed as readonly string[]).includes(word));
}

function plainCommas(query: URLSearchParams): string {
  const text = query.toString().replaceAll("%2C", ",");
  return text && `?${text}`;
}
