// What a number counts, as a list with an address: its figure, a reason where it is of one, and which alerts. Pure.

export const LISTED = [
  "due",
  "accepted",
  "confirmed",
  "late",
  "failed",
  "expired",
  "unknown",
  "waiting",
  "not_sent",
  "timed",
  "over_1s",
  "repeated",
  "clicked",
  "purchases",
] as const;
export type Listed = (typeof LISTED)[number];

/** `query`: of which alerts, as a row of figures says it. */
export interface Listing {
  figure: Listed;
  reason: string;
  query: Readonly<Record<string, string>>;
}

// A question has a period of its own in its address: that of a list stands beside it.
const PERIOD = { since: "from", until: "to" } as const;
const VALUES = ["channel", "target", "retailer", "sku", "type", "band"] as const;

export function readListing(search: string): Listing | null {
  const asked = new URLSearchParams(search);
  const figure = LISTED.find((one) => one === asked.get("figure"));
  if (!figure) return null;
  const query: Record<string, string> = {};
  for (const [key, name] of keys()) {
    const value = asked.get(name);
    if (value) query[key] = value;
  }
  return { figure, reason: asked.get("reason") ?? "", query };
}

/** `search` is the question that it is listed for: back leads there. */
export function writeListing(search: string, { figure, reason, query }: Listing): string {
  const asked = new URLSearchParams(withoutListing(search));
  asked.set("figure", figure);
  if (reason) asked.set("reason", reason);
  for (const [key, name] of keys()) if (query[key]) asked.set(name, query[key]);
  return `?${asked}`;
}

export function withoutListing(search: string): string {
  const asked = new URLSearchParams(search);
  for (const name of ["figure", "reason", ...keys().map(([, name]) => name)]) asked.delete(name);
  return `?${asked}`;
}

/** What the service is asked for; null where it has no such list. */
export function callOf({ figure, reason, query }: Listing, page: string | null): string | null {
  const asked = new URLSearchParams({ limit: "50", ...(page ? { page } : {}) });
  if (figure !== "purchases") {
    asked.set("figure", figure);
    if (reason) asked.set("reason", reason);
    for (const [key, value] of Object.entries(query)) asked.set(key, value);
    return `/api/v1/deliveries?${asked}`;
  }
  const { since, until, channel, target, retailer, sku, type, band } = query;
  if (type || band) return null;
  const [shop, product] = sku ? parted(sku) : [retailer, undefined];
  const told = { since, until, channel: target ?? channel, retailer: shop, sku: product };
  for (const [key, value] of Object.entries(told)) if (value) asked.set(key, value);
  return `/api/v1/purchases?${asked}`;
}

/** What the alerts have in common, to be read. */
export function valuesOf({ query }: Listing): string {
  return VALUES.flatMap((key) => query[key] ?? []).join(", ");
}

function keys(): [string, string][] {
  return [...Object.entries(PERIOD), ...VALUES.map((key): [string, string] => [key, key])];
}

/** `bestbuy:6634940` */
function parted(sku: string): [retailer: string, sku: string] {
  const colon = sku.indexOf(":");
  return [sku.slice(0, colon), sku.slice(colon + 1)];
}
