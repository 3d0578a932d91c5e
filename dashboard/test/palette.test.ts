import { expect, test } from "vitest";
import { fitting, moved } from "../src/palette";
import { grouped, told, type Value } from "../src/settings";

const offer = (name: string): Parameters<typeof fitting>[0][number] => ({
  key: name,
  kind: "Room",
  name,
  more: "",
  act: () => undefined,
});

test("an offer fits that has every word, whatever case and accents", () => {
  const all = ["Watch list", "Pokémon", "Statistics"].map(offer);
  expect(fitting(all, "pokemon").map(({ name }) => name)).toEqual(["Pokémon"]);
  expect(fitting(all, "ST room").map(({ name }) => name)).toEqual(["Watch list", "Statistics"]);
  expect(fitting(all, "").length).toBe(3);
});

test("the arrows lead round and round", () => {
  expect([moved(0, -1, 3), moved(2, 1, 3), moved(0, 1, 0)]).toEqual([2, 0, 0]);
});

const VALUES: Value[] = [
  { path: "server.port", value: 8765, source: "file", place: "alerts.json:3:4" },
  { path: "alerts.channels.discord.rate_limit", value: "5/2s", source: "environment", place: "TOCSIN_X" },
  { path: "alerts.filters.min_price", value: null, source: "default", place: "" },
];

test("settings stand in their blocks, and only those that somebody wrote", () => {
  expect(grouped(VALUES, "", true).map(({ name }) => name)).toEqual(["server", "alerts.channels.discord"]);
  expect(grouped(VALUES, "", false).map(({ name }) => name)).toContain("alerts");
  expect(grouped(VALUES, "TOCSIN_X 5/2s", false)).toHaveLength(1);
  expect(grouped(VALUES, "nowhere", false)).toEqual([]);
});

test("values read as a file would have them", () => {
  expect([told("a"), told(1), told(null), told(["x"])]).toEqual(["a", "1", "null", '["x"]']);
});
