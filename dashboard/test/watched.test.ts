import { expect, test } from "vitest";
import { readWatchPlace, sampleOf, sparkline, standing, type Watched, writeWatchPlace } from "../src/watched";
import { sample } from "./sample";

const seen: Watched = {
  sku: "1",
  retailer: "bestbuy",
  variant: null,
  seller: null,
  state: "in_stock",
  since: "2026-11-23T12:00:00Z",
  silent_since: null,
  last_seen_at: "2026-11-23T12:00:00Z",
  last_alert: null,
  prices: [],
  monitors: [],
};
const at = "2026-11-23T12:00:00Z";

test("a place is read from an address as it was written", () => {
  const place = { text: "rtx 5090", state: "silent", monitor: "a b" } as const;
  expect(readWatchPlace(writeWatchPlace(place))).toEqual(place);
  expect(readWatchPlace("?room=watch&state=sideways")).toEqual({ text: "", state: "", monitor: "" });
  expect(writeWatchPlace({ text: " ", state: "", monitor: "" })).toBe("?room=watch");
});

test("who is not looked at any more is silent, whatever was known", () => {
  expect(standing(seen)).toEqual({ word: "In stock", tone: "good", since: seen.since });
  expect(standing({ ...seen, silent_since: at })).toEqual({ word: "Silent", tone: "bad", since: at });
});

test.each([
  [["1"], "1,12"],
  [["5", "5"], "1,12 83,12"],
  [["1", "3", "2"], "1,23 42,1 83,12"],
])("prices of %o make the line %s", (prices, line) => {
  const points = prices.map((price) => ({ at, price }));
  expect(sparkline(points, 84, 24)).toBe(line);
});

test("what could come next is asked as an alert would say it", () => {
  const last = { ...sample(1, { product_name: "RTX" }), url: null };
  expect(sampleOf({ ...seen, last_alert: last }, "restock_soon", " ")).toEqual({
    type: "restock_soon",
    sku: "1",
    retailer: "bestbuy",
    product_name: "RTX",
    currency: "USD",
  });
  expect(sampleOf(seen, "in_stock", "9.99")).toMatchObject({ price: "9.99" });
});
