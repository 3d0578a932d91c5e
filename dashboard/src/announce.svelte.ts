// What a screen reader is told of new alerts: counts, and no more often than every few seconds.

import { type Alert, title } from "./alert";
import { strings } from "./strings";
import { TYPE_WORDS } from "./words";

const GAP_MS = 6000;

export class Announcer {
  text = $state("");
  #heard: Alert[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  hear(alert: Alert): void {
    this.#heard.push(alert);
    this.#timer ??= setTimeout(() => this.#speak(), GAP_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #speak(): void {
    this.text = summary(this.#heard);
    this.#heard = [];
    this.#timer = undefined;
  }
}

/** `RTX 5090: In stock at bestbuy`, or `12 new alerts, 3 of the high band`. */
export function summary(alerts: readonly Alert[]): string {
  const [first] = alerts;
  if (!first) return "";
  if (alerts.length === 1)
    return strings.announced.one(title(first), TYPE_WORDS[first.type] ?? first.type, first.retailer);
  return strings.announced.several(alerts.length, alerts.filter((alert) => alert.band === "high").length);
}
