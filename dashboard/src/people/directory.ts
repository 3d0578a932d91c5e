// The doors to people: contacts, their consents, lists, and who is left alone.

import type { Api, Detail } from "../api";
import type { Kind } from "./place";

export interface Address {
  id: string;
  kind: Kind;
  /** What may be seen of it. */
  shown: string;
  state: string;
  why: string | null;
  consent: string;
  verified_at: string | null;
  created_at: string;
  /** Of devices and browsers. */
  last_seen_at?: string | null;
  platform?: string | null;
  app_version?: string | null;
}

export interface Contact {
  id: string;
  external_id: string | null;
  name: string;
  tags: string[];
  zone: string | null;
  locale: string | null;
  state: "active" | "paused";
  paused_until: string | null;
  addresses: Address[];
  preferences: Preferences;
  version: number;
  created_at: string;
  updated_at: string;
}

export type Match = Record<string, unknown>;

export interface Preferences {
  match?: Match;
  mute?: { match: Match; until?: string | null; why?: string | null }[];
  channels?: Record<string, ByChannel>;
  order?: string[];
  one_channel?: boolean;
  quiet?: { from?: string; to?: string; do?: string; except?: Match | null } | null;
}

export interface ByChannel {
  on?: boolean;
  match?: Match;
  per_day?: number | null;
  sound?: string | null;
  digest?: string | null;
}

/** One entry of a history that only grows. */
export interface Entry {
  id: string;
  at: string;
  address: string;
  channel: string;
  event: string;
  source: string;
  wording: { version: string | null; sha256: string } | null;
  ip: string | null;
  user_agent: string | null;
  evidence: unknown;
  provider: unknown;
  by: string;
}

/** `chain`: whether all entries are there as they were entered. */
export interface History {
  consents: Entry[];
  chain: { entries: number; broken: boolean; at: string | null };
}

export interface Found {
  contacts: Contact[];
  next: string | null;
}

export interface Tag {
  tag: string;
  contacts: number;
}

/** A name for contacts on one channel. `reachable` addresses can be told now, `told_now` of them are told of one alert;
 * null where no channel tells it. */
export interface List {
  target: string;
  channel: string;
  name: string;
  tag?: string;
  contacts?: string[];
  max_recipients: number | null;
  written_down: number;
  from_configuration: boolean;
  reachable: number | null;
  told_now: number | null;
}

export interface Suppression {
  id: string;
  kind: Kind;
  shown: string;
  why: string;
  reason: string;
  by: string;
  at: string;
  lifted_at: string | null;
  lifted_by: string | null;
  lifted_reason: string | null;
}

export const RESULTS = ["created", "updated", "unchanged", "suppressed", "invalid"] as const;
export type Result = (typeof RESULTS)[number];

/** What became of a file, or would; the rows are those that something is to be said of. */
export interface Report extends Record<Result, number> {
  taken_before: number;
  unverified: number;
  /** Codes and links that went out. */
  confirmations?: { sent: number; failed: number; left: number } | null;
  notes: string[];
  dry_run: boolean;
  rows: ImportedRow[];
}

export interface ImportedRow {
  row: number;
  result: Result;
  contact: string | null;
  note: string;
  error: { message: string; details: Detail[] } | null;
}

/** What is said of a contact; what is not there stays. */
export interface Draft {
  name?: string;
  external_id?: string | null;
  zone?: string | null;
  locale?: string | null;
  tags?: string[];
  paused_until?: string | null;
  phones?: { number: string; consent?: Consent }[];
  mailboxes?: { address: string; consent?: Consent }[];
}

export interface Consent {
  source: "operator";
  wording: string;
  evidence?: string;
}

export interface Tested {
  shown: string;
  state: string;
  why: string | null;
  detail?: string;
  status?: number | null;
  answer?: string | null;
}

/** A code or a link is on its way. */
export interface Begun {
  resend_after: number;
  expires_at: string;
  sends_left: number;
}

export interface KeptList {
  tag?: string;
  contacts?: string[];
  max_recipients?: number | null;
}

const CONTACTS = "/api/v1/contacts";
const NDJSON = "application/x-ndjson";

export class Directory {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  contacts(query: URLSearchParams): Promise<Found> {
    return this.#api.call("GET", `${CONTACTS}?${query}`);
  }

  contact(id: string): Promise<Contact> {
    return this.#api.call("GET", one(id));
  }

  create(draft: Draft): Promise<Contact> {
    return this.#api.call("POST", CONTACTS, draft);
  }

  /** Refused where somebody else has changed it meanwhile. */
  change(contact: Contact, draft: Draft): Promise<Contact> {
    return this.#api.call("PATCH", one(contact.id), draft, { "if-match": `"${contact.version}"` });
  }

  erase(id: string): Promise<{ erased_at: string; kept: string[] }> {
    return this.#api.call("DELETE", one(id));
  }

  history(id: string): Promise<History> {
    return this.#api.call("GET", `${one(id)}/consents`);
  }

  /** A message marked as a test, on the real path; with what the provider said. */
  test(id: string, address: string): Promise<Tested> {
    return this.#api.call("POST", `${one(id)}/test`, { address });
  }

  sendCode(id: string, phone: string, by: "sms" | "call"): Promise<Begun> {
    return this.#api.call("POST", `${one(id)}/phones/${encodeURIComponent(phone)}/verification`, { by });
  }

  checkCode(id: string, phone: string, code: string): Promise<Address> {
    return this.#api.call("POST", `${one(id)}/phones/${encodeURIComponent(phone)}/verification/check`, { code });
  }

  sendLink(id: string, mailbox: string): Promise<Begun> {
    return this.#api.call("POST", `${one(id)}/mailboxes/${encodeURIComponent(mailbox)}/confirmation`, {});
  }

  /** Everything that is held of the person, addresses in full. */
  export(id: string): Promise<Record<string, unknown>> {
    return this.#api.call("GET", `${one(id)}/export`);
  }

  prefer(id: string, preferences: Preferences): Promise<Preferences> {
    return this.#api.call("PUT", `${one(id)}/preferences`, preferences);
  }

  keepList(target: string, list: KeptList): Promise<List> {
    return this.#api.call("PUT", `/api/v1/lists/${encodeURIComponent(target)}`, list);
  }

  forgetList(target: string): Promise<unknown> {
    return this.#api.call("DELETE", `/api/v1/lists/${encodeURIComponent(target)}`);
  }

  /** An operator says that this address is not told anything any more. */
  withdraw(id: string, address: string): Promise<Entry> {
    return this.#api.call("POST", `${one(id)}/consents`, { address, event: "withdrawn", source: "operator" });
  }

  async tags(): Promise<Tag[]> {
    return (await this.#api.call<{ tags: Tag[] }>("GET", "/api/v1/tags")).tags;
  }

  async lists(): Promise<List[]> {
    return (await this.#api.call<{ lists: List[] }>("GET", "/api/v1/lists")).lists;
  }

  suppressions(query: URLSearchParams): Promise<{ suppressions: Suppression[]; next: string | null }> {
    return this.#api.call("GET", `/api/v1/suppressions?${query}`);
  }

  suppress(whom: { number: string } | { address: string }, reason: string): Promise<Suppression> {
    return this.#api.call("POST", "/api/v1/suppressions", { ...whom, reason });
  }

  lift(id: string, reason: string): Promise<Suppression> {
    return this.#api.call(
      "DELETE",
      `/api/v1/suppressions/${encodeURIComponent(id)}?${new URLSearchParams({ reason })}`,
    );
  }

  /** A dry run says what would be, and changes nothing. */
  take(file: File, dryRun: boolean, confirm = false): Promise<Report> {
    const query = new URLSearchParams(dryRun ? { dry_run: "1" } : confirm ? { confirm: "1" } : {});
    const type = /\.(ndjson|jsonl)$/i.test(file.name) ? NDJSON : "text/csv";
    return this.#api.call("POST", `${CONTACTS}/import?${query}`, file.slice(0, file.size, type));
  }
}

function one(id: string): string {
  return `${CONTACTS}/${encodeURIComponent(id)}`;
}
