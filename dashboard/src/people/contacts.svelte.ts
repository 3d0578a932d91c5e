// The contacts that are being looked at: a page of them, and more when more are asked for.

import { said } from "../api";
import type { Contact, Directory, Tag } from "./directory";
import type { Place } from "./place";

const SETTLE_MS = 200; // while somebody types
const PAGE = "50";

export class Contacts {
  list = $state.raw<Contact[]>([]);
  tags = $state.raw<Tag[]>([]);
  next = $state<string | null>(null);
  problem = $state("");
  loading = $state(true);
  readonly #directory: Directory;
  #question = new URLSearchParams();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(directory: Directory) {
    this.#directory = directory;
  }

  /** Asked again in the middle of typing, only the last one is answered. */
  ask(place: Place): void {
    const question = questionOf(place);
    const wait = question.get("q") === this.#question.get("q") ? 0 : SETTLE_MS;
    clearTimeout(this.#timer);
    this.#question = question;
    this.#timer = setTimeout(() => void this.look(), wait);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  async look(): Promise<void> {
    this.loading = true;
    await this.#read(this.#question, []);
    this.loading = false;
    this.tags = await this.#directory.tags().catch(() => this.tags);
  }

  async more(): Promise<void> {
    if (this.next === null) return;
    const question = new URLSearchParams(this.#question);
    question.set("page", this.next);
    await this.#read(question, this.list);
  }

  /** Somebody is known better now. */
  replace(contact: Contact): void {
    this.list = this.list.map((one) => (one.id === contact.id ? contact : one));
  }

  drop(id: string): void {
    this.list = this.list.filter((one) => one.id !== id);
  }

  async #read(question: URLSearchParams, before: Contact[]): Promise<void> {
    const asked = this.#question;
    try {
      const found = await this.#directory.contacts(question);
      if (asked !== this.#question) return;
      this.list = [...before, ...found.contacts];
      this.next = found.next;
      this.problem = "";
    } catch (problem) {
      if (asked === this.#question) this.problem = said(problem);
    }
  }
}

export function questionOf({ text, tag, state, kind }: Place): URLSearchParams {
  const query = new URLSearchParams({ limit: PAGE });
  for (const [key, value] of Object.entries({ q: text.trim(), tag, state, kind })) if (value) query.set(key, value);
  return query;
}
