// Figures as the service counts them, and the questions they answer. Pure.

import { count, decimal } from "../format";

export interface Rate {
  of: number;
  is: number;
  /** A part of 1; null over nothing. */
  rate: number | null;
}

export interface Times {
  of: number;
  told: number;
  p50: number | null;
  p95: number | null;
  p99: number | null;
  over_1s: number;
}

export interface Uptime {
  up_min: number;
  down_min: number;
  idle_min: number;
  rate: number | null;
  /** A sign for each minute (`u`, `d`, `.`), of an hour of a channel. */
  minutes?: string;
}

export interface Money {
  currency: string;
  amount: string;
  commission: string;
  pending_commission: string;
  cost: string;
  profit: string;
  roi: number | null;
}

export type Reasons = Record<string, number>;

/** What a row is about, where it was asked for: when its bucket begins, and one value of the dimension. */
export interface About {
  at?: string;
  channel?: string | null;
  list?: string | null;
  retailer?: string | null;
  product?: string | null;
  type?: string | null;
  band?: string | null;
  /** What lists the deliveries that it counts. */
  query: Record<string, string>;
}

export interface FigureRow extends About, Money {
  alerts: number;
  due: number;
  accepted: number;
  confirmed: number;
  failed: number;
  unknown: number;
  expired: number;
  late: number;
  failed_over: number;
  waiting: number;
  not_sent: Reasons;
  left_out: Reasons;
  delivery_rate: { of: number; is: number; low: number | null; high: number | null };
  confirmed_rate: Rate;
  uptime: Uptime;
  end_to_end_ms: Times;
  clicks: { people: number; suspect: number; robots: number; unique: number };
  click_rate: Rate;
  purchases: number;
}

export interface FailureRow extends About {
  due: number;
  reasons: Reasons;
  not_sent: Reasons;
  left_out: Reasons;
}

export interface RoiRow extends About, Money {
  accepted: number;
  purchases: number;
}

export interface Metric {
  metric: string;
  bar: string;
  of: number;
  is: number;
  rate: number | null;
  verdict: "met" | "missed" | "too_few";
  channel?: string | null;
}

export interface Answer<Row> {
  since: string;
  until: string;
  as_of: string | null;
  rows: Row[];
  success?: Metric[];
  before?: { rows: Row[] };
}

export const DIMENSIONS = ["channel", "list", "retailer", "product", "type", "band"] as const;
export type Dimension = (typeof DIMENSIONS)[number];

/** Hours of the periods that are at hand. */
export const LAST = { "24h": 24, "7d": 168, "30d": 720, "90d": 2160, "180d": 4320 } as const;
export type Last = keyof typeof LAST;

export interface Question {
  last: Last;
  /** Both are set (RFC 3339) where a period of one's own is asked for. */
  since: string;
  until: string;
  by: Dimension;
  zone: string;
  compare: boolean;
}

const HOUR_MS = 3_600_000;
const MOST_HOURS = 48; // shown one by one
const MOST_DAYS = 100;

export function readQuestion(search: string, zone: string): Question {
  const query = new URLSearchParams(search);
  const [since, until] = [moment(query.get("since")), moment(query.get("until"))];
  const own = since && until && since < until;
  return {
    last: one(query.get("last"), Object.keys(LAST) as Last[]) ?? "7d",
    since: own ? since : "",
    until: own ? until : "",
    by: one(query.get("by"), DIMENSIONS) ?? "channel",
    zone: query.get("zone") || zone,
    compare: query.get("compare") !== "0",
  };
}

export function writeQuestion({ last, since, until, by, zone, compare }: Question, usual: string): string {
  const query = new URLSearchParams({ room: "statistics" });
  if (since && until) {
    query.set("since", since);
    query.set("until", until);
  } else if (last !== "7d") query.set("last", last);
  if (by !== "channel") query.set("by", by);
  if (zone !== usual) query.set("zone", zone);
  if (!compare) query.set("compare", "0");
  return `?${query}`;
}

/** The period in whole hours, as the service takes it. */
export function periodOf(
  { last, since, until }: Question,
  now: number,
): { since: string; until: string; hours: number } {
  const end = Math.ceil((since ? Date.parse(until) : now) / HOUR_MS);
  const begin = since ? Math.floor(Date.parse(since) / HOUR_MS) : end - LAST[last];
  return { since: iso(begin * HOUR_MS), until: iso(end * HOUR_MS), hours: end - begin };
}

export function bucketOf(hours: number): "hour" | "day" | "week" {
  return hours <= MOST_HOURS ? "hour" : hours <= 24 * MOST_DAYS ? "day" : "week";
}

/** `99.27 %`; never 100 while something is missing. */
export function percent(rate: number | null, places = 2): string {
  if (rate === null) return "–";
  const size = 10 ** places;
  const shown = rate < 1 ? Math.min(Math.round(rate * 100 * size) / size, 100 - 1 / size) : 100;
  return `${decimal(shown, places)}\u00a0%`;
}

/** What came back for what was spent, in percent: it has no end. */
export function gain(part: number): string {
  return `${part < 0 ? "−" : ""}${count(Math.round(Math.abs(part) * 100))}\u00a0%`;
}

/** The reasons of all rows, the most frequent first. */
export function ranked(reasons: Reasons): [string, number][] {
  return Object.entries(reasons).sort(([, one], [, other]) => other - one);
}

export function sum(reasons: Reasons): number {
  return Object.values(reasons).reduce((all, many) => all + many, 0);
}

export interface Step {
  name: "alerts" | "sent" | "confirmed" | "clicked" | "bought";
  count: number;
  /** Of the step before; null over nothing, and where that step says nothing of it. */
  part: number | null;
}

/** From alerts to purchases. One alert is sent to many, so the first part says nothing. */
export function funnel(row: FigureRow): Step[] {
  const { alerts, accepted, confirmed, clicks, purchases } = row;
  return [
    { name: "alerts", count: alerts, part: null },
    { name: "sent", count: accepted, part: null },
    { name: "confirmed", count: confirmed, part: row.confirmed_rate.rate },
    { name: "clicked", count: clicks.unique, part: over(clicks.unique, accepted) },
    { name: "bought", count: purchases, part: over(purchases, clicks.unique) },
  ];
}

function over(part: number, whole: number): number | null {
  return whole ? part / whole : null;
}

function moment(text: string | null): string {
  const at = text ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? "" : iso(at);
}

function iso(at: number): string {
  return new Date(at).toISOString();
}

function one<T extends string>(word: string | null, known: readonly T[]): T | undefined {
  return known.find((each) => each === word);
}
