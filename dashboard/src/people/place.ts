// Where in the people's room one is. It lives in the address, so that a search can be kept, shared and reloaded.

export const VIEWS = ["contacts", "lists", "suppressions", "import"] as const;
export type View = (typeof VIEWS)[number];

export const CONTACT_STATES = ["active", "paused", "unverified", "suppressed", "dead"] as const;
export const KINDS = ["phone", "mailbox", "device", "browser"] as const;
export type Kind = (typeof KINDS)[number];

export interface Place {
  view: View;
  /** The contact that is open. */
  contact: string;
  text: string;
  tag: string;
  state: string;
  kind: string;
}

export const ENTRANCE: Place = { view: "contacts", contact: "", text: "", tag: "", state: "", kind: "" };

/** Reads a place from an address; what it does not know, it leaves out. */
export function readPlace(search: string): Place {
  const query = new URLSearchParams(search);
  return {
    view: known(query.get("view"), VIEWS) || "contacts",
    contact: query.get("contact") ?? "",
    text: query.get("q") ?? "",
    tag: query.get("tag") ?? "",
    state: known(query.get("state"), CONTACT_STATES),
    kind: known(query.get("kind"), KINDS),
  };
}

/** The address's query for a place. */
export function writePlace({ view, contact, text, tag, state, kind }: Place): string {
  const query = new URLSearchParams({ room: "people" });
  if (view !== "contacts") query.set("view", view);
  for (const [key, value] of Object.entries({ contact, q: text.trim(), tag, state, kind })) {
    if (value) query.set(key, value);
  }
  return `?${query}`;
}

/** Whether everybody is looked at. */
export function isWide({ text, tag, state, kind }: Place): boolean {
  return !(text.trim() || tag || state || kind);
}

function known<T extends string>(word: string | null, allowed: readonly T[]): T | "" {
  return allowed.find((one) => one === word) ?? "";
}
