// What the service's words about people mean, for people. A word that is not here is shown as it is.

import { plain, type Tone } from "../words";
import type { Address, Contact } from "./directory";

const KINDS: Record<string, string> = { phone: "Phone", mailbox: "Mailbox", device: "App", browser: "Browser" };

const CHANNELS: Record<string, string> = { sms: "texts", voice: "calls", push: "push", email: "mail" };

const STATES: Record<string, string> = {
  active: "Told",
  paused: "Paused",
  unverified: "Not confirmed yet",
  suppressed: "Left alone",
  dead: "Nothing arrives there",
};

const TONES: Record<string, Tone> = { active: "good", unverified: "busy", suppressed: "off", dead: "bad" };

const WHYS: Record<string, string> = {
  stop: "said STOP by text",
  one_click: "left by the mail's button",
  page: "left by the preference page",
  complaint: "reported as spam",
  provider_opt_out: "the provider holds a block",
  operator: "by an operator",
  erased: "the person was erased",
  landline: "a landline takes no texts",
  unknown_number: "there is no such number",
  bounced: "mail came back",
  unregistered: "the app was taken off",
  gone: "the subscription is gone",
};

const EVENTS: Record<string, string> = {
  granted: "Said yes",
  confirmed: "Confirmed it is theirs",
  withdrawn: "Said no",
  resumed: "Said yes again",
  imported: "Imported with evidence",
  refused_by_provider: "Refused by the provider",
};

const SOURCES: Record<string, string> = {
  sign_up_page: "on the sign-up page",
  api: "by a program",
  import: "by an import",
  inbound_text: "by text",
  mail_button: "by the mail's button",
  preference_page: "on the preference page",
  provider: "told by the provider",
  operator: "by an operator",
};

const RESULTS: Record<string, string> = {
  created: "new",
  updated: "changed",
  unchanged: "as they were",
  suppressed: "left alone",
  invalid: "wrong",
};

export const kind = (word: string): string => KINDS[word] ?? plain(word);
export const channel = (word: string): string => CHANNELS[word] ?? plain(word);
export const state = (word: string): string => STATES[word] ?? plain(word);
export const whyNot = (word: string): string => WHYS[word] ?? plain(word);
export const event = (word: string): string => EVENTS[word] ?? plain(word);
export const source = (word: string): string => SOURCES[word] ?? plain(word);
export const result = (word: string): string => RESULTS[word] ?? plain(word);

export function toneOf(address: Address): Tone {
  return address.state === "active" && address.consent !== "granted" ? "busy" : (TONES[address.state] ?? "off");
}

/** How it stands with an address, and why. An active one is told only with its owner's consent. */
export function standing({ state: word, why, consent }: Address): string {
  if (word === "active") return consent === "granted" ? STATES.active! : "Not told: no consent";
  if (word === "unverified") return consent === "granted" ? "Said yes, not confirmed yet" : STATES.unverified!;
  return why ? `${state(word)}: ${whyNot(why)}` : state(word);
}

/** What a contact is called; whoever has no name goes by the id of another system, or by an address. */
export function called(contact: Contact): string {
  return contact.name || contact.external_id || contact.addresses[0]?.shown || "Nameless";
}
