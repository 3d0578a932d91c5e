import { describe, expect, it } from "vitest";
// The service's tests read the same file: both fold in the same way.
import golden from "../../tests/golden/search.json";
import { folded, saysAll, searchedWords } from "../src/search";
import { sample } from "./sample";

describe("folding", () => {
  it.each(golden.folded as [string, string][])("makes no difference of %j", (text, told) => {
    expect(folded(text)).toBe(told);
  });
});

describe("a search", () => {
  const says = (text: string) => saysAll(sample(1, { product_name: "Pokémon Écarlate" }), searchedWords(text));

  it.each(["", " ", "pokemon", "POKÉ 6634", "carlate bestbuy", "\u200b"])("finds every word of %j anywhere", (text) => {
    expect(says(text)).toBe(true);
  });

  it("refuses where one word is nowhere, and no word goes across two names", () => {
    expect([says("pokemon violet"), says("ecarlate6634940")]).toEqual([false, false]);
  });
});
