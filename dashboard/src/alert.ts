// An alert as every door of the service shows it.

import { money } from "./format";

export const TYPES = ["in_stock", "price_drop", "restock_soon", "back_order"] as const;
export type AlertType = (typeof TYPES)[number];

export const BANDS = ["high", "medium", "low"] as const;
export type Band = (typeof BANDS)[number];

export type Decision = "accepted" | "filtered";

/** Money is a decimal string, times are RFC 3339 in UTC. */
export interface Alert {
  id: string;
  type: AlertType;
  priority: number;
  band: Band;
  sku: string;
  product_name: string | null;
  retailer: string;
  price: string | null;
  currency: string;
  url: string | null;
  variant: string | null;
  seller: string | null;
  timestamp: string;
  metadata: Record<string, unknown>;
  accepted_at: string;
  decision: Decision;
  reason: string;
  state: "open" | "closed";
  repeats: number;
  last_seen_at: string;
  /** Of what is sold out, where it is known. */
  sold_out_after_s?: number | null;
}

/** The end of an episode, as the live stream tells it. */
export interface Closed {
  id: string;
  sold_out_after_s: number | null;
}

/** What a product is called: by its name, where anybody told it. */
export function title({ product_name: name, sku }: { product_name?: string | null; sku: string }): string {
  return name || sku;
}

/** An operator's test: no alert, whatever else it says. */
export function isTest(alert: Alert): boolean {
  return alert.reason === "test";
}

/** Nothing more comes of it: it was never told, or its product is sold out. */
export function over(alert: Alert): boolean {
  return alert.decision === "filtered" || alert.state === "closed";
}

/** A link from outside is followed only where it is plain web; anything else is no link. */
export function webLink(value: unknown): string | null {
  if (typeof value !== "string") return null;
  const url = URL.canParse(value) ? new URL(value) : null;
  return url && (url.protocol === "https:" || url.protocol === "http:") ? url.href : null;
}

/** The product's picture: https only, as the page's policy allows nothing else. */
export function picture(alert: Alert): string | null {
  const link = webLink(alert.metadata.image_url);
  return link?.startsWith("https:") ? link : null;
}

/** What the price was before, where the detector said so, it is a number and reads as another price than now. */
export function previousPrice(alert: Alert): string | null {
  const value = alert.metadata.previous_price;
  const known = typeof value === "number" || (typeof value === "string" && value.trim() !== "");
  if (!known || !Number.isFinite(Number(value))) return null;
  const shown = (amount: string) => money(amount, alert.currency);
  return alert.price !== null && shown(String(value)) === shown(alert.price) ? null : String(value);
}

export function stock(alert: Alert): string | null {
  const value = alert.metadata.stock;
  return typeof value === "number" || typeof value === "string" ? String(value) : null;
}
