// The watch list as it is looked at: page after page, asked again now and then, and when an alert comes in.

import { type Api, said } from "./api";
import { keyOf, type Watched, type WatchPlace } from "./watched";

const PAGE = 50;
const LONGEST_PAGE = 200;
const EVERY_MS = 10_000;
const SETTLE_MS = 250; // while somebody types, or alerts pour in

export class WatchList {
  list = $state.raw<Watched[]>([]);
  next = $state<string | null>(null);
  problem = $state("");
  /** Whether the service has answered for this place. */
  known = $state(false);
  readonly #api: Api;
  #place: WatchPlace = { text: "", state: "", monitor: "" };
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(api: Api) {
    this.#api = api;
  }

  /** Returns what stops it. */
  start(): () => void {
    const looking = setInterval(() => document.hidden || this.lookSoon(), EVERY_MS);
    return () => {
      clearInterval(looking);
      clearTimeout(this.#timer);
    };
  }

  ask(place: WatchPlace): void {
    this.known = false;
    this.#place = place;
    this.lookSoon();
  }

  /** A burst of reasons is one question. */
  lookSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), this.known ? SETTLE_MS : 0);
  }

  async more(): Promise<void> {
    if (this.next !== null) await this.#read(PAGE, this.next, this.list);
  }

  /** What one look cannot bring again stays as it was. */
  async #look(): Promise<void> {
    if (this.known && this.list.length > LONGEST_PAGE) return;
    await this.#read(this.known ? Math.max(PAGE, this.list.length) : PAGE, null, []);
  }

  async #read(limit: number, page: string | null, before: readonly Watched[]): Promise<void> {
    const place = this.#place;
    const asked = { q: place.text.trim(), state: place.state, monitor: place.monitor, page: page ?? "" };
    const query = new URLSearchParams({ limit: String(limit) });
    for (const [key, value] of Object.entries(asked)) if (value) query.set(key, value);
    try {
      const told = await this.#api.watch(query);
      if (place !== this.#place) return;
      this.list = [...new Map([...before, ...told.watch].map((row) => [keyOf(row), row])).values()];
      this.next = told.next;
      this.problem = "";
    } catch (problem) {
      if (place !== this.#place) return;
      this.problem = said(problem);
    }
    this.known = true;
  }
}
