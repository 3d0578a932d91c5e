import { expect, test } from "vitest";
import { distance, type Mirror, toneOf } from "../src/mirrors";

function mirror(part: Partial<Mirror>): Mirror {
  return { name: "airtable", behind: 0, caught_up_in_s: 0, written_at: null, problem: "", ...part };
}

test.each<[Partial<Mirror>, string, string]>([
  [{}, "good", "caught up"],
  [{ behind: 1204, caught_up_in_s: 180 }, "busy", "1,204 behind, caught up in 3 min"],
  [{ behind: 7, caught_up_in_s: null }, "busy", "7 behind"],
  [{ behind: 7, caught_up_in_s: 60, problem: "the token is wrong" }, "bad", "7 behind"],
  [{ problem: "a column is missing" }, "bad", "caught up"],
])("a mirror with %o is %s: %s", (part, tone, told) => {
  expect(toneOf(mirror(part))).toBe(tone);
  expect(distance(mirror(part), "en")).toBe(told);
});
