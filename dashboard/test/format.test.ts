import { describe, expect, it } from "vitest";
import { age, change, clock, exact, latency, money, span } from "../src/format";

describe("money", () => {
  it("follows the currency, yen without cents", () => {
    expect(money("1999.9", "USD", "en-US")).toBe("$1,999.90");
    expect(money("12800", "JPY", "en-US")).toBe("¥12,800");
  });
});

describe("change", () => {
  it.each([
    ["100", "88", "−12\u00a0%"],
    ["100", "110.4", "+10\u00a0%"],
    ["100", "99.7", "−0.3\u00a0%"],
    ["10000", "9999", "−<0.1\u00a0%"],
    [200, 209.9, "+5\u00a0%"],
    [0.99, 0.989, "−0.1\u00a0%"],
    [-50, 50, "+200\u00a0%"],
    ["0", "5", null],
    [5, 5, "±0\u00a0%"],
    [5, "more", null],
    [null, "5", null],
    ["5", null, null],
  ])("from %s to %s reads %s", (before, after, told) => {
    expect(change(before, after)).toBe(told);
  });
});

describe("age", () => {
  const then = "2026-01-02T03:04:05.000Z";
  it.each([
    [-5000, "now"],
    [1999, "now"],
    [42_000, "42 s"],
    [59 * 60_000, "59 min"],
    [23 * 3_600_000, "23 h"],
    [50 * 3_600_000, "2 d"],
  ])("after %d ms reads %s", (passed, told) => {
    expect(age(then, Date.parse(then) + passed)).toBe(told);
  });
});

it("names the day only where it is another one", () => {
  const then = new Date(2026, 0, 2, 3, 4, 5);
  expect(clock(then.toISOString(), then.getTime(), "en-US")).toBe("03:04:05");
  expect(clock(then.toISOString(), then.getTime() + 86_400_000, "en-US")).toBe("Jan 2, 03:04:05");
});

it("leaves nothing to guess in an exact time", () => {
  const told = exact(new Date(2026, 0, 2, 3, 4, 5, 678).toISOString(), "en-US");
  expect(told).toContain("Jan 2, 2026");
  expect(told).toContain("03:04:05.678");
});

it.each([
  [0, "0 s"],
  [45.4, "45 s"],
  [192, "3 min 12 s"],
  [7500, "2 h 5 min"],
  [86_400, "1 d"],
])("a span of %d s reads %s", (seconds, told) => {
  expect(span(seconds)).toBe(told);
});

it.each([
  [4.2, "4 ms"],
  [1234, "1.2 s"],
  [5000, "5.0 s"],
  [192_000, "3 min 12 s"],
])("a latency of %d ms reads %s", (millis, told) => {
  expect(latency(millis)).toBe(told);
});
