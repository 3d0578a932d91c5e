// Which alerts the page shows. The filter lives in the address, so that a view can be kept, shared and reloaded.

import { type Alert, type AlertType, BANDS, type Band, type Decision, TYPES } from "./alert";
import { saysAll, searchedWords } from "./search";
import { DELIVERY_STATES } from "./words";

export const SPANS = { "15m": 900, "1h": 3600, "6h": 21_600, "24h": 86_400, "7d": 604_800 } as const;
export type Span = keyof typeof SPANS;

export interface Filter {
  /** Words to be found in product, SKU, retailer, variant and seller. */
  text: string;
  types: AlertType[];
  bands: Band[];
  retailers: string[];
  skus: string[];
  /** Channels (`discord`) or targets (`discord:general`) that a delivery is on, … */
  channels: string[];
  /** … and states that it is in. */
  deliveryStates: string[];
  decision: Decision | null;
  within: Span | null;
  /** A fixed period, in RFC 3339; empty where it has no such end. */
  since: string;
  until: string;
}

export const EVERYTHING: Filter = {
  text: "",
  types: [],
  bands: [],
  retailers: [],
  skus: [],
  channels: [],
  deliveryStates: [],
  decision: null,
  within: null,
  since: "",
  until: "",
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
    channels: list(query.get("channels")),
    deliveryStates: known(list(query.get("delivery_states")), DELIVERY_STATES),
    decision: known(list(query.get("decision")), DECISIONS)[0] ?? null,
    within: known(list(query.get("within")), Object.keys(SPANS) as Span[])[0] ?? null,
    since: moment(query.get("since")),
    until: moment(query.get("until")),
  };
}

/** The address's query with this filter in it; other keys stay. */
export function writeFilter(filter: Filter, search: string): string {
  const query = new URLSearchParams(search);
  for (const [key, value] of Object.entries({ ...asked(filter), within: filter.within })) {
    if (value) query.set(key, value);
    else query.delete(key);
  }
  return plainCommas(query);
}

/** Asks the service for this filter's history: `since` is fixed at `now`. */
export function historyQuery(filter: Filter, now: number): URLSearchParams {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(asked(filter))) if (value) query.set(key, value);
  if (filter.within) query.set("since", new Date(now - SPANS[filter.within] * 1000).toISOString());
  return query;
}

/** The `match` of a live subscription; empty is everything. */
export function asMatch({ types, bands, retailers, skus }: Filter): Record<string, string[]> {
  return Object.fromEntries(Object.entries({ types, bands, retailers, skus }).filter(([, values]) => values.length));
}

/** What a reader is shown now of what is loaded: time and a text that is being typed are ahead of every answer. */
export function admitting(filter: Filter): (alert: Alert, now: number) => boolean {
  const words = searchedWords(filter.text);
  return (alert, now) =>
    (!filter.decision || alert.decision === filter.decision) &&
    (!filter.since || Date.parse(alert.accepted_at) >= Date.parse(filter.since)) &&
    (!filter.until || Date.parse(alert.accepted_at) < Date.parse(filter.until)) &&
    (!filter.within || now - Date.parse(alert.accepted_at) <= SPANS[filter.within] * 1000) &&
    saysAll(alert, words);
}

/** Whether only the ledger knows what fits: no stream tells filtered alerts, or which deliveries an alert has. */
export function fromLedgerOnly(filter: Filter): boolean {
  return filter.decision === "filtered" || filter.channels.length > 0 || filter.deliveryStates.length > 0;
}

export function isEverything(filter: Filter): boolean {
  return writeFilter(filter, "") === "";
}

export function sameQuestion(one: Filter, other: Filter): boolean {
  return writeFilter(one, "") === writeFilter(other, "");
}

/** Whether a live subscription may go on as it is. */
export function sameInterest(one: Filter, other: Filter): boolean {
  return JSON.stringify(asMatch(one)) === JSON.stringify(asMatch(other));
}

export function list(text: string | null): string[] {
  return [...new Set((text ?? "").split(",").map((word) => word.trim()))].filter(Boolean);
}

export function toggled<T>(values: T[], value: T): T[] {
  return values.includes(value) ? values.filter((other) => other !== value) : [...values, value];
}

/** The parameters of the service's own list of alerts. */
function asked(filter: Filter): Record<string, string> {
  return {
    q: filter.text.trim(),
    types: filter.types.join(","),
    bands: filter.bands.join(","),
    retailers: filter.retailers.join(","),
    skus: filter.skus.join(","),
    channels: filter.channels.join(","),
    delivery_states: filter.deliveryStates.join(","),
    decision: filter.decision ?? "",
    since: filter.since,
    until: filter.until,
  };
}

function moment(text: string | null): string {
  const at = text ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? "" : new Date(at).toISOString();
}

function known<T extends string>(words: string[], allowed: readonly T[]): T[] {
  return words.filter((word): word is T => (allowed as readonly string[]).includes(word));
}

/** A query as people read it: a comma stands for itself. */
export function plainCommas(query: URLSearchParams): string {
  const text = query.toString().replaceAll("%2C", ",");
  return text && `?${text}`.replaceAll("%3A", ":");
}
