import { describe, expect, it } from "vitest";
import { explained, headline, type Objective, paces, short } from "../src/objective";

const kept = (hour: number, missed = false, late = 9) => ({
  missed,
  burn_rates: { "5m": 0, "30m": 0, "1h": hour, "6h": 0.25 },
  last_hour: { ended: 100, missed: late },
});

const objective = (channels: Objective["channels"]): Objective => ({ within_s: 1, of: 99, channels });

describe("the objective", () => {
  it("has a word for each channel, the worst first", () => {
    const told = paces(objective({ discord: kept(0.4), webhook: kept(20, true), email: kept(3) }));
    expect(told.map(({ channel, word }) => [channel, word])).toEqual([
      ["webhook", "Too late"],
      ["email", "Slipping"],
      ["discord", "In time"],
    ]);
  });

  it("shows who does not keep up, or else one that does", () => {
    const behind = paces(objective({ discord: kept(0.4), webhook: kept(2) }));
    expect(headline(behind).map((pace) => pace.channel)).toEqual(["webhook"]);
    const fine = paces(objective({ discord: kept(0.4), webhook: kept(0.1) }));
    expect(headline(fine).map((pace) => pace.channel)).toEqual(["discord"]);
    expect(headline([])).toEqual([]);
  });

  it("does not worry about a few", () => {
    expect(paces(objective({ discord: kept(17, false, 1) })).map((pace) => pace.word)).toEqual(["In time"]);
  });

  it("explains itself", () => {
    expect(explained(objective({ discord: kept(0.4) }))).toBe(
      "99 % of deliveries are to be told within 1 s of their detection.\n" +
        "discord: in time, 9 of 100 missed it in the last hour; burn rate 0 in 5 min, 0 in 30 min, 0.4 in 1 h, 0.3 in 6 h\n" +
        "A burn rate of 1 misses just as many as that allows.",
    );
  });

  it("writes rates in two figures", () => {
    expect([0, 0.04, 0.4, 1, 9.94, 9.96, 99.7].map(short)).toEqual(["0", "0", "0.4", "1", "9.9", "10", "100"]);
  });
});
