import { describe, expect, it } from "vitest";
import { picture, previousPrice, stock, title, webLink } from "../src/alert";
import { sample } from "./sample";

describe("links from outside", () => {
  it.each(["https://shop.example/p?q=1", "http://shop.example/"])("follows %s", (link) => {
    expect(webLink(link)).toBe(link);
  });

  it.each([
    "javascript:alert(1)",
    " JavaScript:alert(1)",
    "data:text/html,x",
    "//shop.example",
    "ftp://x",
    "",
    7,
    null,
  ])("is no link: %s", (link) => {
    expect(webLink(link)).toBeNull();
  });

  it("takes pictures over https only", () => {
    expect(picture(sample(1, { metadata: { image_url: "https://img.example/a.jpg" } }))).toBe(
      "https://img.example/a.jpg",
    );
    expect(picture(sample(1, { metadata: { image_url: "http://img.example/a.jpg" } }))).toBeNull();
  });
});

it("believes a previous price only where it is a number", () => {
  const said = [649, "649.00", "a lot", "", {}, null];
  expect(said.map((previous_price) => previousPrice(sample(1, { metadata: { previous_price } })))).toEqual([
    "649",
    "649.00",
    null,
    null,
    null,
    null,
  ]);
});

it("takes what reads as the same price for no other price", () => {
  const before = (price: string, previous_price: string, currency = "USD") =>
    previousPrice(sample(1, { price, currency, metadata: { previous_price } }));
  expect(before("19.99", "19.994")).toBeNull();
  expect(before("19.98", "19.994")).toBe("19.994");
  expect(before("1500", "1500.4", "JPY")).toBeNull();
});

it("calls a product without a name by its SKU", () => {
  expect(title(sample(1, { product_name: null }))).toBe("6634940");
});

it("tells the stock where it is known", () => {
  expect(stock(sample(1, { metadata: { stock: 0 } }))).toBe("0");
  expect(stock(sample(1, { metadata: { stock: [3] } }))).toBeNull();
});
