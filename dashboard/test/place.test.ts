import { expect, test } from "vitest";
import { here } from "../src/place";

test.each([
  ["http://127.0.0.1:8765/", "/api/v1/alerts?limit=5", "http://127.0.0.1:8765/api/v1/alerts?limit=5"],
  ["http://[::1]:8765/?q=a%2Fb#x", "/metrics", "http://[::1]:8765/metrics"],
  ["https://board.example/tocsin/", "/socket.io", "https://board.example/tocsin/socket.io"],
  [
    "https://board.example/a/b/?alert=1",
    "/api/v1/monitors/shop%2Feu",
    "https://board.example/a/b/api/v1/monitors/shop%2Feu",
  ],
])("from %s %s is %s", (page, path, place) => {
  expect(here(path, page).href).toBe(place);
});
