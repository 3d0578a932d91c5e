// What needs a human now: asked now and then, and told at once when something begins or is over.

import type { Api } from "./api";
import { askNowAndThen } from "./asking";
import { after, type Condition, remaining, spell } from "./conditions";

export class Conditions {
  list = $state.raw<Condition[]>([]);
  #dismissed = $state.raw<ReadonlySet<string>>(new Set());
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  /** What the reader has not put away. */
  get shown(): Condition[] {
    return remaining(this.list, this.#dismissed);
  }

  /** Returns what stops it. */
  start(): () => void {
    return askNowAndThen(() => void this.#look());
  }

  hear(news: Condition): void {
    this.list = after(this.list, news);
  }

  dismiss(condition: Condition): void {
    this.#dismissed = new Set([...this.#dismissed, spell(condition)]);
  }

  /** A service that cannot be asked is shown by the connection already. */
  async #look(): Promise<void> {
    const told = await this.#api.conditions().catch(() => null);
    if (told) this.list = told.conditions;
  }
}
