// The rows of the feed, newest first and no alert twice. Pure: each answer is a new list, the old one stays.

import type { Alert, Closed } from "./alert";

/** So many rows are kept; what is older can be loaded again. */
export const KEEP = 500;

/** Puts what has just arrived on top. `fresh` is in the order of the stream: oldest first. */
export function prepend(rows: readonly Alert[], fresh: readonly Alert[], keep = KEEP): Alert[] {
  const known = new Set(rows.map((row) => row.id));
  const added = new Map<string, Alert>();
  for (const alert of fresh) if (!known.has(alert.id)) added.set(alert.id, alert);
  return [...[...added.values()].reverse(), ...rows].slice(0, keep);
}

/** Keeps what has just arrived behind what waits already, in the order of the stream, while the rows stand still. */
export function hold(rows: readonly Alert[], waiting: readonly Alert[], fresh: readonly Alert[], keep = KEEP): Alert[] {
  const known = new Set([...rows, ...waiting].map((alert) => alert.id));
  return [...waiting, ...fresh.filter((alert) => !known.has(alert.id))].slice(-keep);
}

/** Joins a page of history: known rows get its newer counts, the others take their place by time. */
export function join(rows: readonly Alert[], page: readonly Alert[], keep = KEEP): Alert[] {
  const all = new Map(rows.map((row) => [row.id, row]));
  for (const alert of page) all.set(alert.id, { ...all.get(alert.id), ...alert });
  return [...all.values()].sort(newestFirst).slice(0, keep);
}

/** Marks the row whose episode has ended. */
export function close(rows: readonly Alert[], closed: readonly Closed[]): Alert[] {
  const ends = new Map(closed.map((end) => [end.id, end.sold_out_after_s]));
  return rows.map((row) =>
    ends.has(row.id) ? { ...row, state: "closed", sold_out_after_s: ends.get(row.id) ?? null } : row,
  );
}

function newestFirst(one: Alert, other: Alert): number {
  return compare(other.accepted_at, one.accepted_at) || compare(other.id, one.id);
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
