// What the service's words about people mean, for people. A word that is not here is shown as it is.

import { strings } from "../strings";
import { plain, type Tone } from "../words";
import type { Address, Contact } from "./directory";

const { kinds, channels, states, whys, events, sources, results, noConsent, notConfirmed } = strings.people.words;

const TONES: Record<string, Tone> = { active: "good", unverified: "busy", suppressed: "off", dead: "bad" };

export const kind = (word: string): string => kinds[word] ?? plain(word);
export const channel = (word: string): string => channels[word] ?? plain(word);
export const state = (word: string): string => states[word] ?? plain(word);
export const whyNot = (word: string): string => whys[word] ?? plain(word);
export const event = (word: string): string => events[word] ?? plain(word);
export const source = (word: string): string => sources[word] ?? plain(word);
export const result = (word: string): string => results[word] ?? plain(word);

export function toneOf(address: Address): Tone {
  return address.state === "active" && address.consent !== "granted" ? "busy" : (TONES[address.state] ?? "off");
}

/** How it stands with an address, and why. An active one is told only with its owner's consent. */
export function standing({ state: word, why, consent }: Address): string {
  if (word === "active") return consent === "granted" ? states.active! : noConsent;
  if (word === "unverified") return consent === "granted" ? notConfirmed : states.unverified!;
  return why ? `${state(word)}: ${whyNot(why)}` : state(word);
}

/** What a contact is called; whoever has no name goes by the id of another system, or by an address. */
export function called(contact: Contact): string {
  return contact.name || contact.external_id || contact.addresses[0]?.shown || strings.people.nameless;
}
