import { describe, expect, it } from "vitest";
import {
  admitting,
  asMatch,
  EVERYTHING,
  type Filter,
  fromLedgerOnly,
  historyQuery,
  isEverything,
  list,
  readFilter,
  sameInterest,
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
  channels: ["discord", "sms:vip"],
  deliveryStates: ["refused", "possibly_sent"],
  decision: "accepted",
  within: "1h",
  since: "2026-11-23T12:00:00.000Z",
  until: "2026-11-24T12:00:00.000Z",
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
    const read = readFilter("?types=in_stock,gone&delivery_states=lost&bands=huge&decision=maybe&within=toString");
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
    expect(query.get("q")).toBe("rtx 50");
    expect(query.get("channels")).toBe("discord,sms:vip");
    expect(query.get("delivery_states")).toBe("refused,possibly_sent");
    expect(query.has("within")).toBe(false);
  });

  it("subscribes with the conditions that are set", () => {
    expect(asMatch(EVERYTHING)).toEqual({});
    expect(asMatch({ ...EVERYTHING, types: ["in_stock"], text: "rtx" })).toEqual({ types: ["in_stock"] });
  });

  it("is another question with every change, and another interest only where the stream can tell", () => {
    expect([sameQuestion(FULL, { ...FULL, text: "rtx 50 " }), sameQuestion(FULL, { ...FULL, text: "other" })]).toEqual([
      true,
      false,
    ]);
    expect(sameInterest(FULL, { ...EVERYTHING, ...asMatch(FULL), text: "other", within: "7d" })).toBe(true);
    expect(sameInterest(FULL, { ...FULL, bands: [] })).toBe(false);
  });

  it("is only the ledger's to answer where no stream tells it", () => {
    const asked: Partial<Filter>[] = [{ decision: "filtered" }, { channels: ["sms"] }, { deliveryStates: ["refused"] }];
    expect(asked.map((part) => fromLedgerOnly({ ...EVERYTHING, ...part }))).toEqual([true, true, true]);
    expect(fromLedgerOnly({ ...EVERYTHING, decision: "accepted", text: "rtx", types: ["in_stock"] })).toBe(false);
  });
});

describe("what is shown", () => {
  const admits = (part: Partial<Filter>, number: number, now = NOW) =>
    admitting({ ...EVERYTHING, ...part })(sample(number), now);

  it.each(["", "rtx", "RTX 6634", "bestbuy geforce"])("has every word of %j somewhere", (text) => {
    expect(admits({ text }, 1)).toBe(true);
  });

  it("has all words", () => {
    expect(admits({ text: "rtx 4090" }, 1)).toBe(false);
  });

  it("goes as it grows too old", () => {
    expect(admits({ within: "15m" }, 0)).toBe(true);
    expect(admits({ within: "15m" }, 0, NOW + 15 * 60_000)).toBe(false);
  });

  it("has the decision that was asked for", () => {
    expect(admits({ decision: "filtered" }, 1)).toBe(false);
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
