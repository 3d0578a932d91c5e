import { describe, expect, it } from "vitest";
import type { Alert } from "../src/alert";
import {
  arrive,
  close,
  EMPTY,
  type Feed,
  KEEP,
  lengthen,
  type Page,
  release,
  renew,
  replace,
  waitingIn,
} from "../src/feed";
import { sample } from "./sample";

/** Alerts by number; all of one instant, as one commit of the ledger makes them: nothing but the order tells them apart. */
const some = (...numbers: number[]): Alert[] => numbers.map(one);
const one = (number: number): Alert => sample(number, { accepted_at: "2026-01-02T03:04:05.000Z" });
const down = (from: number, to: number): Alert[] =>
  Array.from({ length: Math.max(0, from - to + 1) }, (_, index) => one(from - index));
const up = (from: number, to: number): Alert[] => down(to, from).reverse();
const numbers = (rows: readonly Alert[]): number[] => rows.map(({ id }) => Number(id.slice(3)));
const page = (alerts: Alert[], more = true): Page => ({ alerts, more });
const shown = (alerts: Alert[], part: Partial<Feed> = {}): Feed => ({ ...EMPTY, rows: alerts, ...part });

/** A ledger that keeps every alert, filtered ones (odd numbers) included, and its answers. */
class Ledger {
  newest = 0;

  take(many: number): Alert[] {
    const taken = up(this.newest + 1, this.newest + many);
    this.newest += many;
    return taken.filter((alert) => isTold(alert));
  }

  page(limit: number, below = this.newest + 1): Page {
    const last = Math.max(1, below - limit);
    return page(below > 1 ? down(below - 1, last) : [], last > 1);
  }
}

const isTold = ({ id }: Alert): boolean => Number(id.slice(3)) % 2 === 0;

/** Every row that is not proven to be whole is at the top; below them each number follows the one before. */
function holds(feed: Feed): void {
  const whole = numbers(feed.rows.slice(feed.streamed));
  expect(whole).toEqual(whole.map((_, index) => (whole[0] ?? 0) - index));
  const all = numbers(feed.rows);
  expect(all).toEqual([...new Set(all)].sort((one, other) => other - one));
}

describe("what arrives", () => {
  it("comes on top, the last first, and no alert twice", () => {
    const feed = arrive(shown(some(1)), some(1, 2, 3, 2), false);
    expect(numbers(feed.rows)).toEqual([3, 2, 1]);
  });

  it("keeps the order of the stream within one instant", () => {
    const feed = arrive(EMPTY, some(7, 3, 9, 1), false);
    expect(numbers(feed.rows)).toEqual([1, 9, 3, 7]);
  });

  it("lets the oldest go at the bound, and knows that there are older ones", () => {
    const feed = arrive(shown(down(KEEP, 1), { more: false }), some(KEEP + 1), false);
    expect([feed.rows.length, feed.more]).toEqual([KEEP, true]);
    expect(feed.rows.at(-1)?.id).toBe("id-0002");
  });

  it("waits while the rows stand still, and is counted once", () => {
    const feed = arrive(arrive(shown(some(1)), some(1, 2, 3), true), some(3, 4), true);
    expect([numbers(feed.rows), numbers(feed.waiting), waitingIn(feed)]).toEqual([[1], [4, 3, 2], 3]);
    expect(numbers(release(feed).rows)).toEqual([4, 3, 2, 1]);
  });

  it("leaves no hole where more wait than are kept", () => {
    const feed = release(arrive(shown(down(9, 1), { more: false }), up(10, 9 + KEEP + 5), true));
    expect([numbers(feed.rows)[0], numbers(feed.rows).at(-1), feed.more]).toEqual([9 + KEEP + 5, 15, true]);
    const counted = arrive(shown(some(1)), up(2, KEEP + 9), true);
    expect(waitingIn(counted)).toBe(KEEP + 8);
  });

  it.each([true, false])("leaves no hole where some were let go before they were painted (still: %s)", (still) => {
    const feed = release(arrive(shown(some(2, 1), { more: false }), some(7, 8), still, 4));
    expect([numbers(feed.rows), feed.more]).toEqual([[8, 7], true]);
  });
});

describe("a page that is ahead of the stream", () => {
  it.each([true, false])("keeps what the stream tells late where it belongs (still: %s)", (still) => {
    const early = arrive(EMPTY, up(1, 30), false);
    const paged = renew(early, page(down(70, 61)), EMPTY, false);
    const late = arrive(arrive(paged, up(31, 50), still), up(51, 72), still);
    expect(numbers(release(late).rows)).toEqual(numbers(down(72, 61)));
    expect(release(late)).toMatchObject({ more: true, streamed: 2 });
  });
});

describe("the newest page", () => {
  it("puts in what no stream tells, where the ledger has it", () => {
    const feed = shown(some(8, 6, 4, 3, 2, 1), { streamed: 3 });
    const renewed = renew(feed, page(some(8, 7, 6, 5, 4, 3)), feed, false);
    expect([numbers(renewed.rows), renewed.streamed]).toEqual([[8, 7, 6, 5, 4, 3, 2, 1], 0]);
  });

  it("stays below what arrived since it was asked for", () => {
    const asked = shown(some(3, 2, 1));
    const renewed = renew(shown(some(5, 4, 3, 2, 1)), page(some(3, 2)), asked, false);
    expect([numbers(renewed.rows), renewed.streamed]).toEqual([[5, 4, 3, 2, 1], 2]);
  });

  it("is all there is where it does not reach what was whole: the rest is asked for again", () => {
    const feed = shown(down(60, 1), { streamed: 55, more: false });
    const renewed = renew(feed, page(down(60, 11)), feed, false);
    expect([numbers(renewed.rows).at(-1), renewed.more]).toEqual([11, true]);
    const nothingCommon = renew(shown(some(3, 2, 1), { more: false }), page(some(90, 89)), shown(some(3, 2, 1)), false);
    expect([numbers(nothingCommon.rows), nothingCommon.more]).toEqual([[90, 89], true]);
  });

  it("is all there is where the ledger has no older ones", () => {
    const feed = shown(some(3, 2, 1), { more: true });
    expect(renew(feed, page(some(3), false), feed, false)).toMatchObject({ rows: some(3), more: false });
  });

  it("moves no row of a feed that stands still", () => {
    const feed = shown(some(4, 2, 1), { streamed: 2 });
    const told = page(some(6, 5, 4, 3, 2).map((alert) => ({ ...alert, repeats: 1 })));
    const renewed = renew(feed, told, feed, true);
    expect([numbers(renewed.rows), renewed.rows[0]?.repeats, numbers(renewed.waiting)]).toEqual([[4, 2, 1], 1, [6, 5]]);
    expect(numbers(release(renewed).rows)).toEqual([6, 5, 4, 2, 1]);
  });

  it("replaces a feed that stood still when it has nothing to do with it any more", () => {
    const feed = shown(some(4, 2, 1), { more: false });
    const renewed = renew(feed, page(some(96, 95)), feed, true);
    expect(numbers(renewed.rows)).toEqual([4, 2, 1]);
    expect(release(renewed)).toMatchObject({ rows: some(96, 95), more: true });
  });

  it("opens nothing again that was sold out while it was on its way", () => {
    const asked = shown(some(1));
    const feed = close(asked, [{ id: "id-0001", sold_out_after_s: 20 }]);
    for (const renewed of [renew(feed, page(some(1)), asked, false), replace(feed, page(some(1)), asked)]) {
      expect(renewed.rows[0]).toMatchObject({ state: "closed", sold_out_after_s: 20 });
    }
  });

  it("replaces all but what arrived since, where another question was asked", () => {
    const asked = shown(some(9, 8), { waiting: some(10) });
    const feed = shown(some(11, 9, 8), { waiting: some(12) });
    expect(numbers(replace(feed, page(some(7, 5)), asked).rows)).toEqual([12, 11, 7, 5]);
  });
});

describe("older rows", () => {
  it("go on from the last row", () => {
    const feed = lengthen(shown(some(5, 4)), page(some(3, 2), false), "id-0004");
    expect([numbers(feed.rows), feed.more]).toEqual([[5, 4, 3, 2], false]);
  });

  it("are dropped where the last row is another by now", () => {
    const feed = shown(some(5, 4));
    expect(lengthen(feed, page(some(2, 1)), "id-0003")).toBe(feed);
  });
});

it("marks only the row whose episode ended, waiting or shown", () => {
  const feed = close(shown(some(2, 1), { waiting: some(3) }), [
    { id: "id-0001", sold_out_after_s: null },
    { id: "id-0003", sold_out_after_s: 20 },
  ]);
  expect([...feed.waiting, ...feed.rows].map((row) => row.state)).toEqual(["closed", "open", "closed"]);
});

it("has no hole and no shuffle whatever happens in whatever order", () => {
  // A small generator of chance: the same every run.
  let seed = 7;
  const chance = (below: number): number => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return Math.floor((seed / 2147483648) * below);
  };
  const ledger = new Ledger();
  let feed = replace(EMPTY, ledger.page(50), EMPTY);
  let still = false;
  for (let step = 0; step < 250; step++) {
    const told = ledger.take(chance(8) ? chance(6) : chance(1500));
    const cut = told.slice(-KEEP);
    feed = arrive(feed, cut, still, told.length - cut.length);
    switch (chance(5)) {
      case 0: {
        const asked = feed;
        const answer = ledger.page(Math.min(500, feed.streamed + 50));
        feed = arrive(feed, ledger.take(chance(4)), still);
        feed = renew(feed, answer, asked, still);
        break;
      }
      case 1: {
        const last = feed.rows.at(-1);
        if (last && feed.more) feed = lengthen(feed, ledger.page(50, Number(last.id.slice(3))), last.id);
        break;
      }
      case 2:
        still = !still;
        if (!still) feed = release(feed);
        break;
      default:
    }
    holds(feed);
  }
  feed = renew(release(feed), ledger.page(500), feed, false);
  for (let last = feed.rows.at(-1); last && feed.more; last = feed.rows.at(-1)) {
    feed = lengthen(feed, ledger.page(500, Number(last.id.slice(3))), last.id);
  }
  expect(numbers(feed.rows)).toEqual(numbers(down(ledger.newest, 1)));
});
