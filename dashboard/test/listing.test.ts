import { expect, test } from "vitest";
import { callOf, type Listing, readListing, writeListing, withoutListing } from "../src/statistics/listing";
import { runs } from "../src/statistics/runs";
import { csvOf } from "../src/statistics/table";

const PERIOD = { since: "2026-11-29T13:00:00.000Z", until: "2026-11-30T13:00:00.000Z" };
const QUESTION = "?room=statistics&by=retailer&since=2026-11-01T00%3A00%3A00.000Z";

test.each<Listing>([
  { figure: "failed", reason: "refused 404", query: { ...PERIOD, channel: "discord" } },
  { figure: "purchases", reason: "", query: { ...PERIOD, sku: "bestbuy:6634940" } },
  { figure: "due", reason: "", query: {} },
])("a list stands beside its question in the address: %o", (listing) => {
  const address = writeListing(QUESTION, listing);
  expect(readListing(address)).toEqual(listing);
  expect(withoutListing(address)).toBe(QUESTION);
});

test("what is no figure is no list", () => {
  expect(readListing(QUESTION)).toBeNull();
  expect(readListing("?figure=__proto__")).toBeNull();
});

test.each([
  [
    { figure: "failed", reason: "refused 404", query: { channel: "sms" } },
    "deliveries?limit=50&figure=failed&reason=refused+404&channel=sms",
  ],
  [{ figure: "purchases", reason: "", query: { target: "sms:vip" } }, "purchases?limit=50&channel=sms%3Avip"],
  [{ figure: "purchases", reason: "", query: { sku: "bestbuy:1" } }, "purchases?limit=50&retailer=bestbuy&sku=1"],
] as const)("%o is asked by %s", (listing, call) => {
  expect(callOf(listing, null)).toBe(`/api/v1/${call}`);
});

test("who bought by bands, nobody lists", () => {
  expect(callOf({ figure: "purchases", reason: "", query: { band: "high" } }, null)).toBeNull();
});

test("minutes are gathered into runs, and an hour that nobody knows was idle", () => {
  const hours = new Map([["2026-11-30T11:00:00.000Z", `${"u".repeat(58)}dd`]]);
  expect(runs(hours, "2026-11-30T11:00:00.000Z", "2026-11-30T13:00:00.000Z")).toEqual([
    { kind: "up", from: 0, minutes: 58 },
    { kind: "down", from: 58, minutes: 2 },
    { kind: "idle", from: 60, minutes: 60 },
  ]);
});

test("no cell of a table begins a formula", async () => {
  const table = csvOf({
    heads: ["name", "count"],
    rows: [
      ["=1+1", -3],
      ['a "b", c', null],
    ],
  });
  expect(await table.text()).toBe('name,count\r\n\'=1+1,-3\r\n"a ""b"", c",\r\n');
});
