// Products that this browser is not rung for: neither sound nor a notification. Everything is shown as before.

import type { Alert } from "./alert";

const KEY = "tocsin.quieted";
const MOST = 500;

type Product = Pick<Alert, "retailer" | "sku">;

class Quieted {
  #names = $state.raw<readonly string[]>(remembered());

  has(product: Product): boolean {
    return this.#names.includes(nameOf(product));
  }

  toggle(product: Product): void {
    const name = nameOf(product);
    const others = this.#names.filter((one) => one !== name);
    this.#names = others.length < this.#names.length ? others : [...others, name].slice(-MOST);
    localStorage.setItem(KEY, JSON.stringify(this.#names));
  }
}

export const quieted = new Quieted();

function nameOf({ retailer, sku }: Product): string {
  return `${retailer}:${sku}`;
}

function remembered(): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept.filter((name) => typeof name === "string") : [];
  } catch {
    return [];
  }
}
