import { describe, expect, it } from "vitest";
import { summary } from "../src/announce.svelte";
import { backoff } from "../src/backoff";
import { telling } from "../src/timeline";
import { tokenIn } from "../src/token";
import { sample } from "./sample";

describe("the wait before the next try", () => {
  it("doubles, and never exceeds 15 s", () => {
    expect([0, 1, 2, 10, 5000].map((failures) => backoff(failures, 1))).toEqual([500, 1000, 2000, 15_000, 15_000]);
  });

  it("is spread by chance over its upper half", () => {
    expect([backoff(2, 0), backoff(2, 1)]).toEqual([1000, 2000]);
  });
});

describe("announcements", () => {
  it("name a single alert, and count several", () => {
    expect(summary([])).toBe("");
    expect(summary([sample(1)])).toBe("GeForce RTX 5090: In stock at bestbuy");
    expect(summary([sample(1), sample(2, { band: "low" })])).toBe("2 new alerts, 1 of the high band");
  });
});

describe("the timeline", () => {
  const step = (what: string, detail: string) => telling({ at: "", ms: 0, took_ms: null, what, detail });

  it("explains decisions and moves in words", () => {
    expect(step("filtered", "stale").detail).toBe("already past its useful life on arrival");
    expect(step("cancelled", "discord:general: superseded").detail).toBe(
      "discord:general: a newer alert took its place",
    );
  });

  it("says what held an alert past its life", () => {
    const held = "held until 07:00 (UTC) by the quiet hours night";
    expect(step("expired", `discord:general: past_life: ${held}`).detail).toBe(
      `discord:general: too old to be useful before it could leave: ${held}`,
    );
  });

  it("shows a word it does not know as it is", () => {
    expect(step("brand_new", "discord:a_b")).toEqual({ what: "brand new", detail: "discord:a_b", tone: "off" });
  });
});

it.each([
  ["http://127.0.0.1:8765/#token=abc", "abc"],
  ["#token=a%2Bb", "a+b"],
  ["http://127.0.0.1:8765/", null],
  ["abc", null],
])("finds the token in %s", (text, token) => {
  expect(tokenIn(text)).toBe(token);
});
