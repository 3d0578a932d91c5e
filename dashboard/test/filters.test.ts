import { describe, expect, it } from "vitest";
import {
  admits,
  asMatch,
  EVERYTHING,
  type Filter,
  historyQuery,
  isEverything,
  list,
  readFilter,
  sameQuestion,
  toggled,
  writeFilter,
} from "../src/filters";
import { sample } from "./sample";

const FULL: Filter = {
  text: "rtx 50",
  types: ["in_stock", "price_drop"],
  bands: ["high"],
  retailers: ["bestbuy", "new*"],
  skus: ["bestbuy:6634940"],
  decision: "accepted",
  within: "1h",
};
const NOW = Date.UTC(2026, 0, 2, 3, 5, 0);

describe("the address", () => {
  it("gives back the filter that was put in", () => {
    expect(readFilter(writeFilter(FULL, ""))).toEqual(FULL);
    expect(readFilter(writeFilter(EVERYTHING, ""))).toEqual(EVERYTHING);
  });

  it("keeps what is not the filter's, and loses what the filter dropped", () => {
    expect(writeFilter({ ...EVERYTHING, bands: ["low"] }, "?alert=7&types=in_stock")).toBe("?alert=7&bands=low");
  });

  it("leaves out words it does not know", () => {
    const read = readFilter("?types=in_stock,gone&bands=huge&decision=maybe&within=toString");
    expect(read).toEqual({ ...EVERYTHING, types: ["in_stock"] });
  });

  it("reads well", () => {
    expect(writeFilter({ ...EVERYTHING, retailers: ["a", "b"] }, "")).toBe("?retailers=a,b");
    expect(isEverything({ ...EVERYTHING, text: "  " })).toBe(true);
  });
});

describe("what is asked", () => {
  it("fixes the time of a history question", () => {
    const query = historyQuery(FULL, NOW);
    expect(query.get("since")).toBe("2026-01-02T02:05:00.000Z");
    expect(query.get("retailers")).toBe("bestbuy,new*");
    expect(query.has("q")).toBe(false);
  });

  it("subscribes with the conditions that are set", () => {
    expect(asMatch(EVERYTHING)).toEqual({});
    expect(asMatch({ ...EVERYTHING, types: ["in_stock"], text: "rtx" })).toEqual({ types: ["in_stock"] });
  });

  it("asks nothing new for another text", () => {
    expect(sameQuestion(FULL, { ...FULL, text: "other" })).toBe(true);
    expect(sameQuestion(FULL, { ...FULL, within: null })).toBe(false);
  });
});

describe("admits", () => {
  it.each(["", "rtx", "RTX 6634", "bestbuy geforce"])("finds every word of %j anywhere", (text) => {
    expect(admits({ ...EVERYTHING, text }, sample(1), NOW)).toBe(true);
  });

  it("refuses where one word is nowhere", () => {
    expect(admits({ ...EVERYTHING, text: "rtx 4090" }, sample(1), NOW)).toBe(false);
  });

  it("lets rows go as they grow too old", () => {
    const filter: Filter = { ...EVERYTHING, within: "15m" };
    expect(admits(filter, sample(0), NOW)).toBe(true);
    expect(admits(filter, sample(0), NOW + 15 * 60_000)).toBe(false);
  });

  it("looks at the decision", () => {
    expect(admits({ ...EVERYTHING, decision: "filtered" }, sample(1), NOW)).toBe(false);
  });
});

it("reads lists as people type them", () => {
  expect(list(" a, b ,,a ")).toEqual(["a", "b"]);
  expect(list(null)).toEqual([]);
});

it("switches one value and leaves the others", () => {
  expect(toggled(["a", "b"], "a")).toEqual(["b"]);
  expect(toggled(["b"], "a")).toEqual(["b", "a"]);
});
