// What a search compares: names and words, both without case and accents. The service folds in the same way
// (tocsin.core.search), so that what arrives is judged as what is looked up.

import type { Alert } from "./alert";

// Letters that do not come apart into a plain one and its mark.
const PLAIN: Record<string, string> = {
  ß: "ss",
  æ: "ae",
  œ: "oe",
  ø: "o",
  đ: "d",
  ð: "d",
  ħ: "h",
  ı: "i",
  ł: "l",
  þ: "th",
  ς: "σ",
};
const SPECIAL = new RegExp(`[${Object.keys(PLAIN).join("")}]`, "gu");

const texts = new WeakMap<Alert, string>();

/** Lower case without accents and invisible characters; controls become blanks. */
export function folded(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/[\p{Mn}\p{Cf}]/gu, "")
    .replace(/\p{Cc}/gu, " ")
    .toLowerCase()
    .replace(SPECIAL, (letter) => PLAIN[letter] ?? letter);
}

/** The words of a search, folded, each once. */
export function searchedWords(text: string): string[] {
  return [...new Set(folded(text).split(/\s+/).filter(Boolean))];
}

/** Whether every word stands somewhere in the names of an alert. */
export function saysAll(alert: Alert, words: readonly string[]): boolean {
  return !words.length || words.every((word) => textOf(alert).includes(word));
}

function textOf(alert: Alert): string {
  let text = texts.get(alert);
  if (text === undefined) {
    const names = [alert.product_name, alert.sku, alert.retailer, alert.variant, alert.seller];
    text = names
      .filter((name) => name !== null && name !== "")
      .map((name) => folded(name ?? ""))
      .join("\n");
    texts.set(alert, text);
  }
  return text;
}
