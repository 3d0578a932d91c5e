import { expect, test } from "vitest";
import { path, every, ticks } from "../src/charts/scale";
import {
  bucketOf,
  type FigureRow,
  funnel,
  gain,
  percent,
  periodOf,
  ranked,
  readQuestion,
  writeQuestion,
} from "../src/statistics/figures";

const NOW = Date.parse("2026-11-30T12:34:56Z");

test("a question is read from an address as it was written", () => {
  const question = {
    last: "30d",
    since: "",
    until: "",
    by: "retailer",
    zone: "Asia/Tokyo",
    compare: false,
  } as const;
  expect(readQuestion(writeQuestion(question, "UTC"), "UTC")).toEqual(question);
  const own = {
    ...question,
    last: "7d",
    since: "2026-11-01T00:00:00.000Z",
    until: "2026-11-02T00:00:00.000Z",
  } as const;
  expect(readQuestion(writeQuestion(own, "UTC"), "UTC")).toEqual(own);
});

test.each(["?last=1y&by=colour", "?since=x&until=y", "?since=2026-11-02T00:00:00Z&until=2026-11-01T00:00:00Z", ""])(
  "%s asks for what is usual",
  (search) => {
    expect(readQuestion(search, "Europe/Berlin")).toEqual({
      last: "7d",
      since: "",
      until: "",
      by: "channel",
      zone: "Europe/Berlin",
      compare: true,
    });
  },
);

test("a period is of whole hours", () => {
  const question = readQuestion("?last=24h", "UTC");
  expect(periodOf(question, NOW)).toEqual({
    since: "2026-11-29T13:00:00.000Z",
    until: "2026-11-30T13:00:00.000Z",
    hours: 24,
  });
  const own = { ...question, since: "2026-11-01T00:10:00Z", until: "2026-11-01T02:10:00Z" };
  expect(periodOf(own, NOW).hours).toBe(3);
});

test.each([
  [24, "hour"],
  [168, "day"],
  [2400, "day"],
  [4320, "week"],
])("%i hours are shown by the %s", (hours, bucket) => {
  expect(bucketOf(hours)).toBe(bucket);
});

test.each([
  [null, "–"],
  [1, "100 %"],
  [0.9999999, "99.99 %"],
  [0.9927, "99.27 %"],
  [0.5, "50 %"],
  [0, "0 %"],
])("the rate %s reads %s", (rate, read) => {
  expect(percent(rate).replace("\u00a0", " ")).toBe(read);
});

test("what came back has no end", () => {
  expect([gain(36.4), gain(-1)].map((read) => read.replace(/\W(?=%)/, " "))).toEqual(["3,640 %", "−100 %"]);
});

test("reasons stand in the order of their weight", () => {
  expect(ranked({ quiet: 1, closed: 7, consent: 2 }).map(([word]) => word)).toEqual(["closed", "consent", "quiet"]);
});

test("a funnel compares what can be compared", () => {
  const row = {
    alerts: 10,
    accepted: 40,
    confirmed: 18,
    confirmed_rate: { of: 20, is: 18, rate: 0.9 },
    clicks: { people: 9, suspect: 0, robots: 0, unique: 8 },
    purchases: 0,
  } as FigureRow;
  expect(funnel(row).map(({ count, part }) => [count, part])).toEqual([
    [10, null],
    [40, null],
    [18, 0.9],
    [8, 0.2],
    [0, 0],
  ]);
});

test.each([
  [0, [0, 1]],
  [1, [0, 0.5, 1]],
  [7, [0, 2, 4, 6, 8]],
  [950, [0, 500, 1000]],
  [40_000, [0, 10_000, 20_000, 30_000, 40_000]],
])("up to %i the steps are %o", (most, steps) => {
  expect(ticks(most)).toEqual(steps);
});

test("a line is broken where nothing is known", () => {
  const x = (index: number): number => index;
  expect(path([1, null, 2, 3], x, (value) => value)).toBe("M0.0 1.0M2.0 2.0L3.0 3.0");
  expect(path([null], x, x)).toBe("");
});

test("labels keep apart", () => {
  expect([every(7, 700), every(168, 640), every(1, 10)]).toEqual([1, 17, 1]);
});
