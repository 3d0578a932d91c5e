import { describe, expect, it } from "vitest";
import type { Band } from "../src/alert";
import { GAP_S, type Struck, strikeAt } from "../src/sound";
import { titled } from "../src/unseen.svelte";

/** When each of these is struck, in seconds; null is not at all. */
function rung(...asked: [at: number, band: Band][]): (number | null)[] {
  const struck: Struck = {};
  return asked.map(([now, band]) => {
    const at = strikeAt(band, now, struck);
    if (at !== null) struck[band] = at;
    return at;
  });
}

describe("the bell", () => {
  it("rings for each alert that comes alone", () => {
    expect(rung([0, "low"], [1, "low"], [2, "high"])).toEqual([0, 1, 2]);
  });

  it("rings high at once, however short after a lower one", () => {
    expect(rung([5, "low"], [5.01, "medium"], [5.02, "high"])).toEqual([5, 5.01, 5.02]);
  });

  it("rings nothing lower so short after a higher one", () => {
    expect(rung([5, "high"], [5.1, "low"], [5.2, "medium"], [5.4, "low"])).toEqual([5, null, null, 5.4]);
  });

  it("rings a flood like one bell, and the high one once more for those that came within the stroke", () => {
    expect(rung([5, "low"], [5.1, "low"], [5.2, "low"])).toEqual([5, null, null]);
    expect(rung([5, "high"], [5.1, "high"], [5.2, "high"], [5.4, "high"])).toEqual([
      5,
      5 + GAP_S,
      null,
      5 + GAP_S + GAP_S,
    ]);
  });
});

it("says in the tab how many came unseen, or wait", () => {
  expect([titled(0, 0), titled(3, 0), titled(3, 5)]).toEqual(["Tocsin", "(3) Tocsin", "(5) Tocsin"]);
});
