import { describe, expect, it } from "vitest";
import type { ToldList } from "../src/api";
import { counts, leftOut } from "../src/people/audience";
import { questionOf } from "../src/people/contacts.svelte";
import type { Address, Contact, Report } from "../src/people/directory";
import { BLANK, changeOf, draftOf, faults, fieldsOf } from "../src/people/form";
import { ENTRANCE, isWide, readPlace, writePlace } from "../src/people/place";
import { lines } from "../src/people/preferences";
import { gist, toldOf } from "../src/people/report";
import { called, standing, toneOf } from "../src/people/words";

const address: Address = {
  id: "a",
  kind: "phone",
  shown: "+1 *** *** 0101",
  state: "active",
  why: null,
  consent: "granted",
  verified_at: null,
  created_at: "2026-11-23T12:00:00Z",
};
const ada: Contact = {
  id: "c",
  external_id: "discord:1",
  name: "Ada",
  tags: ["vip"],
  zone: "Europe/London",
  locale: null,
  state: "active",
  paused_until: null,
  addresses: [address],
  preferences: {},
  version: 3,
  created_at: "2026-11-23T12:00:00Z",
  updated_at: "2026-11-23T12:00:00Z",
};

describe("a place in the people's room", () => {
  it.each([
    [ENTRANCE, "?room=people"],
    [{ ...ENTRANCE, view: "lists" as const }, "?room=people&view=lists"],
    [
      { ...ENTRANCE, contact: "c", text: "ada l", tag: "a&b", state: "paused", kind: "phone" },
      "?room=people&contact=c&q=ada+l&tag=a%26b&state=paused&kind=phone",
    ],
  ])("has an address that leads back to it", (place, search) => {
    expect(writePlace(place)).toBe(search);
    expect(readPlace(search)).toEqual(place);
  });

  it("is the entrance where its address says what is unknown", () => {
    expect(readPlace("?room=people&view=cellar&state=happy&kind=pigeon")).toEqual(ENTRANCE);
  });

  it("is wide until something is looked for", () => {
    expect([ENTRANCE, { ...ENTRANCE, text: " " }, { ...ENTRANCE, tag: "vip" }].map(isWide)).toEqual([
      true,
      true,
      false,
    ]);
  });

  it("asks the service for what it shows", () => {
    expect(`${questionOf({ ...ENTRANCE, text: " ada ", kind: "phone", contact: "c" })}`).toBe(
      "limit=50&q=ada&kind=phone",
    );
  });
});

describe("an address", () => {
  it.each([
    ["active", null, "granted", "Told", "good"],
    ["active", null, "none", "Not told: no consent", "busy"],
    ["unverified", null, "none", "Not confirmed yet", "busy"],
    ["unverified", null, "granted", "Said yes, not confirmed yet", "busy"],
    ["suppressed", "stop", "withdrawn", "Left alone: said STOP by text", "off"],
    ["dead", "landline", "granted", "Nothing arrives there: a landline takes no texts", "bad"],
    ["dead", "some_new_word", "granted", "Nothing arrives there: some new word", "bad"],
  ])("that is %s (%s), consent %s", (state, why, consent, told, tone) => {
    const one = { ...address, state, why, consent };
    expect([standing(one), toneOf(one)]).toEqual([told, tone]);
  });
});

it("calls a person by name, by another system's id, or by an address", () => {
  const nobody = { ...ada, name: "", external_id: null, addresses: [] };
  expect([ada, { ...ada, name: "" }, { ...nobody, addresses: [address] }, nobody].map(called)).toEqual([
    "Ada",
    "discord:1",
    "+1 *** *** 0101",
    "Nameless",
  ]);
});

describe("the form of a person", () => {
  it("asks for somebody new, with the consent for each address", () => {
    const draft = draftOf({
      ...BLANK,
      name: " Ada ",
      tags: "vip, nyc;vip,",
      phone: "+1",
      mailbox: "a@b",
      wording: "Yes?",
    });
    const consent = { source: "operator", wording: "Yes?" };
    expect(draft).toEqual({
      name: "Ada",
      tags: ["vip", "nyc"],
      zone: null,
      locale: null,
      external_id: null,
      phones: [{ number: "+1", consent }],
      mailboxes: [{ address: "a@b", consent }],
    });
  });

  it("says nothing of addresses that are not given, and of no consent", () => {
    expect(draftOf({ ...BLANK, name: "Ada", evidence: "a form" })).not.toHaveProperty("phones");
    expect(draftOf({ ...BLANK, phone: "+1" }).phones).toEqual([{ number: "+1" }]);
  });

  it("changes what was changed, and nothing else", () => {
    const fields = fieldsOf(ada);
    expect(changeOf(ada, fields)).toEqual({});
    expect(changeOf(ada, { ...fields, tags: "vip, nyc", zone: "" })).toEqual({ tags: ["vip", "nyc"], zone: null });
  });

  it("shows what is wrong at its field, the first of each", () => {
    const details = [
      { path: "phones.0.number", message: "too short" },
      { path: "phones.0.number", message: "and odd" },
      { path: "mailboxes.0.consent.wording", message: "too long" },
      { path: "zone", message: "unknown" },
      { path: "elsewhere", message: "hidden" },
    ];
    expect(faults(details)).toEqual({ phone: "too short", wording: "too long", zone: "unknown" });
  });
});

describe("preferences", () => {
  const day = (at: string): string => at.slice(0, 10);

  it("of nobody in particular are no lines", () => {
    expect(lines({}, day)).toEqual([]);
  });

  it("read as one line each", () => {
    const told = lines(
      {
        match: { families: ["rtx50", "rtx40"], min_priority: 8 },
        mute: [{ match: { products: ["rtx-5090-fe"] }, until: "2026-12-24T00:00:00Z", why: "bought" }],
        channels: { sms: { on: false }, push: { on: true, sound: "siren" }, email: { digest: "daily", per_day: 3 } },
        order: ["push", "sms"],
        one_channel: true,
        quiet: { from: "23:00", to: "07:00", do: "hold", except: { min_priority: 10 } },
      },
      day,
    );
    expect(told.map(({ what, told }) => `${what}: ${told}`)).toEqual([
      "Wants: family rtx50 or rtx40, priority 8 and above",
      "Not any more: product rtx-5090-fe until 2026-12-24 (bought)",
      "By texts: nothing",
      "By push: sound siren",
      "By mail: 3 a day at most, gathered daily",
      "Order: push, then texts, the next where one fails",
      "Quiet: 23:00 to 07:00, it waits; not for priority 10 and above",
    ]);
  });
});

describe("the report of a file", () => {
  const report: Report = {
    created: 1200,
    updated: 0,
    unchanged: 3,
    suppressed: 1,
    invalid: 0,
    taken_before: 0,
    unverified: 0,
    notes: [],
    dry_run: true,
    rows: [],
  };

  it("is told in one sentence", () => {
    expect(gist(report)).toBe(`${(1200).toLocaleString()} new, 3 as they were, 1 left alone`);
    expect(gist({ ...report, created: 0, unchanged: 0, suppressed: 0 })).toBe("no rows");
  });

  it("tells all that is wrong with a row", () => {
    const row = { row: 5, result: "invalid" as const, contact: null, note: "" };
    const details = [
      { path: "phone", message: "too short" },
      { path: "zone", message: "unknown" },
    ];
    expect(toldOf({ ...row, error: { message: "too short (and 1 more)", details } })).toBe(
      "phone: too short; zone: unknown",
    );
    expect(toldOf({ ...row, error: { message: "no row", details: [] } })).toBe("no row");
    expect(toldOf({ ...row, note: "kept as it was", error: null })).toBe("kept as it was");
  });
});

describe("what a list was told", () => {
  const list: ToldList = {
    target: "sms:vip",
    route: null,
    recipients: { planned: 300, waiting: 51, sending: 0, sent: 248, refused: 1, cancelled: 0 },
    left_out: { quiet: 2, max_recipients: 12 },
    moved_at: null,
  };

  it("stands in counts, each to be asked for by its state", () => {
    expect(counts(list).map(({ many, said, state, tone }) => [many, said, state, tone])).toEqual([
      [248, "sent", "sent", "good"],
      [1, "refused", "refused", "bad"],
      [51, "wait", "pending", "busy"],
    ]);
  });

  it("says why others were not told, the most first", () => {
    expect(leftOut(list)).toEqual([
      ["more than the list may tell; others have their turn", 12],
      ["it is night for them", 2],
    ]);
  });
});
