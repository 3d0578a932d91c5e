import { describe, expect, it } from "vitest";
import { asOne, chipsOf, type Delivered, isOfOne, merged } from "../src/chips";

const at = (second: number): string => new Date(Date.UTC(2026, 0, 2, 3, 4, second)).toISOString();
const delivery = (target: string, state: string, part: Partial<Delivered> = {}): Delivered => ({
  target,
  state,
  why: null,
  at: at(1),
  ...part,
});
const said = (...deliveries: Delivered[]) => chipsOf(deliveries).map(({ channel, said }) => `${channel} ${said}`);

describe("chips", () => {
  it("are one for each channel, the worst first", () => {
    expect(
      said(delivery("webhook:shop", "sent"), delivery("sms:vip", "cancelled"), delivery("discord:a", "refused")),
    ).toEqual(["discord refused", "webhook sent", "sms cancelled"]);
  });

  it("count where a channel has several", () => {
    expect(said(delivery("discord:a", "sent"), delivery("discord:b", "sent"))).toEqual(["discord 2 sent"]);
    expect(
      said(delivery("discord:a", "sent"), delivery("discord:b", "pending"), delivery("discord:c", "sent")),
    ).toEqual(["discord 1 of 3 queued"]);
  });

  it("explain each delivery", () => {
    const [chip] = chipsOf([delivery("discord:a", "cancelled", { why: "quiet" }), delivery("discord:b:c", "sent")]);
    expect(chip?.explained).toBe("discord:a: cancelled, quiet hours of this target\ndiscord:b:c: sent");
    expect(chip?.tone).toBe("good");
  });

  it("show a state that they do not know as it is", () => {
    expect(said(delivery("discord:a", "brand_new"))).toEqual(["discord brand new"]);
  });
});

describe("a list of people", () => {
  const list = (recipients: Record<string, number>) =>
    said(...asOne({ target: "sms:vip", route: null, recipients, left_out: {}, moved_at: at(1) }));

  it("is one delivery, in the state that most are in", () => {
    expect(list({ planned: 300, waiting: 51, sent: 248, refused: 1 })).toEqual(["sms 248 of 300 sent"]);
    expect(list({ planned: 300, waiting: 300, sent: 0 })).toEqual(["sms 300 queued"]);
    expect(list({ planned: 1, waiting: 0, sent: 1 })).toEqual(["sms sent"]);
    expect(list({ planned: 0 })).toEqual([]);
  });

  it("is not in trouble because one of them is", () => {
    const told = [delivery("sms:vip", "sent"), delivery("sms:vip", "refused"), delivery("discord:a", "refused")];
    expect(told.map(isOfOne)).toEqual([false, true, false]);
  });
});

describe("what was told of deliveries", () => {
  it("is right where it is later, in whatever order it came", () => {
    const sent = delivery("discord:a", "sent", { at: at(2) });
    const pending = delivery("discord:a", "pending");
    const other = delivery("discord:b", "sent");
    for (const known of [
      merged(merged(undefined, [sent]), [pending, other]),
      merged(undefined, [pending, sent, other]),
    ]) {
      expect([...known.values()]).toEqual([sent, other]);
    }
  });

  it("is right where it was told last in the same millisecond", () => {
    const known = merged(merged(undefined, [delivery("discord:a", "sending")]), [delivery("discord:a", "sent")]);
    expect(known.get("discord:a")?.state).toBe("sent");
  });
});
