import { describe, expect, it } from "vitest";
import { type Closed, isClosed, standstill } from "../src/closed";

const now = new Date(2026, 10, 23, 14, 2, 0).getTime();
const soon = new Date(now + 70_000).toISOString();

function told(why: string, more: Partial<Closed> = {}, channel = "discord", failures = 0): string {
  return standstill({ why, opens_at: soon, rate: "", ...more }, channel, failures, now, "en-GB");
}

describe("a lane that stands still", () => {
  it.each([
    [told("rate_limited"), "Paused until 14:03:10: Discord asked us to wait (429)"],
    [told("rate_limited", {}, "webhook"), "Paused until 14:03:10: The receiver asked us to wait (429)"],
    [told("pacing", { rate: "30/60s" }), "Paused until 14:03:10: its rate is used up (30 in 60 s)"],
    [told("pacing"), "Paused until 14:03:10: Discord takes no more before then"],
    [told("breaker", {}, "discord", 5), "Failing (5×), next try at 14:03:10"],
    [told("breaker", { opens_at: new Date(now).toISOString() }), "Failing, the next alert is the next try"],
    [told("in_flight"), "Busy: the answers to what was sent are awaited"],
    [
      told("disabled", { opens_at: null }),
      "Nothing leaves: a target with the same address is disabled. Enable that one",
    ],
    [told("some_new_word", { opens_at: null }), "Paused: some new word"],
  ])("reads %s", (sentence, expected) => expect(sentence).toBe(expected));

  it("says how a refused key is mended", () => {
    expect(told("credentials")).toContain("Discord refused our key. Put one that works into the configuration");
  });
});

describe("a pause", () => {
  const over = new Date(now).toISOString();

  it.each<[string, string | null, boolean]>([
    ["pacing", soon, true],
    ["pacing", over, false],
    ["rate_limited", over, false],
    ["breaker", over, true],
    ["in_flight", over, true],
    ["credentials", null, true],
  ])("by %s until %s stands: %s", (why, opens_at, stands) => {
    expect(isClosed({ why, opens_at, rate: "" }, now)).toBe(stands);
  });

  it("stands nowhere where nothing is told of one", () => expect(isClosed(null, now)).toBe(false));
});
