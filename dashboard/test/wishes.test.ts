import { describe, expect, it } from "vitest";
import { preferring, wishesOf } from "../src/people/wishes";

describe("the form of preferences", () => {
  const kept = {
    match: { families: ["rtx50"], retailers: ["bestbuy"] },
    mute: [{ match: { products: ["rtx-5090-fe"] }, why: "bought" }],
    channels: { push: { sound: "siren" }, sms: { on: false, per_day: 3 } },
    order: ["push", "sms"],
    one_channel: true,
    quiet: { from: "23:00", to: "07:00", do: "drop", except: { min_priority: 10 } },
  };

  it("gives back what it was given where nothing is changed", () => {
    expect(preferring(kept, wishesOf(kept))).toEqual(kept);
    expect(preferring({}, wishesOf({}))).toEqual({});
  });

  it("changes what it shows, and leaves what it does not show", () => {
    const wishes = {
      ...wishesOf(kept),
      families: "",
      least: "9",
      oneChannel: false,
      order: " sms , sms ",
      from: "",
      to: "",
    };
    wishes.on = { ...wishes.on, sms: true };
    expect(preferring(kept, wishes)).toEqual({
      match: { retailers: ["bestbuy"], min_priority: 9 },
      mute: kept.mute,
      channels: { push: { sound: "siren" }, sms: { per_day: 3 } },
      order: ["sms"],
    });
  });
});
