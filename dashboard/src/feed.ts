// The rows of the feed: a run of the ledger without holes, newest first. Pure: each answer is a new feed, the old one
// stays. Order is never made here: the stream and the lists of the service are both in the order of the ledger.

import type { Alert, Closed } from "./alert";

/** So many rows are kept at the top; what is older is asked for again from the last row on. */
export const KEEP = 500;

export interface Feed {
  rows: readonly Alert[];
  /** Whether the ledger has older ones than the last row. */
  more: boolean;
  /** So many rows at the top came by the stream: filtered alerts, which make no event, may be missing among them. */
  streamed: number;
  /** What arrived while the rows stood still, newest first. */
  waiting: readonly Alert[];
  /** So many more arrived, and were let go: what waits does not go on from the first row. */
  skipped: number;
  /** What waits does not go on from the first row, for whatever reason. */
  torn: boolean;
}

export const EMPTY: Feed = { rows: [], more: true, streamed: 0, waiting: [], skipped: 0, torn: false };

/** A page of the ledger, newest first; `more` where there are older ones. */
export interface Page {
  alerts: readonly Alert[];
  more: boolean;
}

/** Takes in what arrived, oldest first as the stream has it, after `skipped` older ones that were let go. */
export function arrive(before: Feed, arrived: readonly Alert[], still: boolean, skipped = 0): Feed {
  const { feed, news } = caughtUp(before, [...new Map(arrived.map((alert) => [alert.id, alert])).values()]);
  const known = ids(feed.rows, feed.waiting);
  const fresh = news.filter(({ id }) => !known.has(id)).reverse();
  const waiting = [...fresh, ...(skipped ? [] : feed.waiting)];
  const lost = skipped + (skipped ? feed.waiting.length : 0) + Math.max(0, waiting.length - KEEP);
  const next = {
    ...feed,
    waiting: waiting.slice(0, KEEP),
    skipped: feed.skipped + lost,
    torn: feed.torn || lost > 0,
  };
  return still ? next : release(next);
}

/**
 * A page may be ahead of the stream: what the stream tells before it comes to an alert of the page is older than that
 * one, and belongs below the page. It goes; whoever comes there asks for it.
 */
function caughtUp(feed: Feed, arrived: readonly Alert[]): { feed: Feed; news: readonly Alert[] } {
  const paged = ids(feed.rows.slice(feed.streamed));
  const last = arrived.findLastIndex(({ id }) => paged.has(id));
  if (last < 0) return { feed, news: arrived };
  const older = feed.streamed + feed.waiting.length + feed.skipped + last > 0;
  const rows = feed.rows.slice(feed.streamed);
  return { feed: { ...EMPTY, rows, more: feed.more || older }, news: arrived.slice(last + 1) };
}

/** Shows what waited. Where that does not go on from the first row, the rows from before go: they are asked for anew. */
export function release(feed: Feed): Feed {
  const rows = feed.torn ? feed.waiting : [...feed.waiting, ...feed.rows];
  return {
    rows: rows.slice(0, KEEP),
    more: feed.more || feed.torn || rows.length > KEEP,
    streamed: Math.min(KEEP, feed.waiting.length + (feed.torn ? 0 : feed.streamed)),
    waiting: [],
    skipped: 0,
    torn: false,
  };
}

/** Takes in the newest page, which was asked for when the feed was `asked`. */
export function renew(feed: Feed, page: Page, asked: Feed, still: boolean): Feed {
  const since = ids(asked.rows, asked.waiting);
  const told = upToDate(feed, page);
  return still ? renewWaiting(feed, told, since) : renewRows(feed, told, since);
}

/** Takes the newest page as the whole feed; what arrived since it was asked for stays on top. */
export function replace(feed: Feed, page: Page, asked: Feed): Feed {
  const newer = newerThan(page, [...feed.waiting, ...feed.rows], ids(asked.rows, asked.waiting));
  return { ...EMPTY, rows: [...newer, ...upToDate(feed, page).alerts], more: page.more, streamed: newer.length };
}

/** Adds the page that was asked for below the row `below`; nothing where that is not the last one any more. */
export function lengthen(feed: Feed, page: Page, below: string | undefined): Feed {
  if (feed.rows.at(-1)?.id !== below) return feed;
  const known = ids(feed.rows);
  return { ...feed, rows: [...feed.rows, ...page.alerts.filter(({ id }) => !known.has(id))], more: page.more };
}

/** Marks what is sold out. */
export function close(feed: Feed, closed: readonly Closed[]): Feed {
  const ends = new Map(closed.map((end) => [end.id, end.sold_out_after_s]));
  const mark = (row: Alert): Alert =>
    ends.has(row.id) ? { ...row, state: "closed", sold_out_after_s: ends.get(row.id) ?? null } : row;
  return { ...feed, rows: feed.rows.map(mark), waiting: feed.waiting.map(mark) };
}

/** How many wait. */
export function waitingIn(feed: Feed): number {
  return feed.waiting.length + feed.skipped;
}

/** What is sold out stays so: the stream may have told it while the page was on its way. */
function upToDate(feed: Feed, page: Page): Page {
  const closed = new Map([...feed.rows, ...feed.waiting].filter(isClosed).map((row) => [row.id, row]));
  const alerts = page.alerts.map((alert) => (isClosed(alert) ? alert : (closed.get(alert.id) ?? alert)));
  return { ...page, alerts };
}

const isClosed = (alert: Alert): boolean => alert.state === "closed";

function renewRows(feed: Feed, page: Page, since: ReadonlySet<string>): Feed {
  const newer = newerThan(page, feed.rows, since);
  const last = lastCommon(page, feed.rows);
  // Only below a row that a list has shown before nothing is missing.
  const goesOn = page.more && last >= feed.streamed;
  const below = goesOn ? feed.rows.slice(last + 1) : [];
  const rows = [...newer, ...page.alerts, ...below];
  const keep = Math.max(KEEP, feed.rows.length);
  return {
    ...feed,
    rows: rows.slice(0, keep),
    more: rows.length > keep || (goesOn ? feed.more : page.more),
    streamed: newer.length,
  };
}

/** No row comes or goes; what the rows do not have yet waits. */
function renewWaiting(feed: Feed, page: Page, since: ReadonlySet<string>): Feed {
  const told = new Map(page.alerts.map((alert) => [alert.id, alert]));
  const shown = ids(feed.rows);
  const reached = page.alerts.findIndex(({ id }) => shown.has(id));
  const last = lastCommon(page, feed.waiting);
  const above = reached < 0 ? page.alerts : page.alerts.slice(0, reached);
  const below = reached < 0 && last >= 0 ? feed.waiting.slice(last + 1) : [];
  const waiting = [...newerThan(page, feed.waiting, since), ...above, ...below];
  const whole = reached >= 0 || !feed.rows.length;
  return {
    ...feed,
    rows: feed.rows.map((row) => told.get(row.id) ?? row),
    waiting: waiting.slice(0, KEEP),
    skipped: (whole ? 0 : feed.skipped) + Math.max(0, waiting.length - KEEP),
    torn: waiting.length > KEEP || (!whole && (feed.torn || last < 0)),
  };
}

/** Of rows that are not on the page, those that arrived after it was asked for. */
function newerThan(page: Page, rows: readonly Alert[], since: ReadonlySet<string>): Alert[] {
  const told = ids(page.alerts);
  return rows.filter(({ id }) => !told.has(id) && !since.has(id));
}

function lastCommon(page: Page, rows: readonly Alert[]): number {
  const told = ids(page.alerts);
  return rows.findLastIndex(({ id }) => told.has(id));
}

function ids(...lists: (readonly Alert[])[]): ReadonlySet<string> {
  return new Set(lists.flatMap((list) => list.map(({ id }) => id)));
}
