// What the service's stable words mean, for people. A word that is not here is shown as it is.

import type { AlertType, Band } from "./alert";
import { strings } from "./strings";

const { types, bands, reasons, states, whys, mends, mendFirst } = strings.words;

export const TYPE_WORDS: Record<AlertType, string> = types;
export const BAND_WORDS: Record<Band, string> = bands;
export const DELIVERY_STATES = Object.keys(states);

export type Tone = "good" | "busy" | "bad" | "off";

const TONES: Record<string, Tone> = {
  sent: "good",
  delivered: "good",
  pending: "busy",
  sending: "busy",
  unknown: "bad",
  refused: "bad",
  expired: "bad",
  possibly_sent: "bad",
};

export const reason = (word: string): string => reasons[word] ?? plain(word);
export const deliveryState = (word: string): string => states[word] ?? plain(word);
/** `refused 404` has the provider's status behind the word. */
export function why(word: string): string {
  const [, known = word, status] = /^(\w+) (\d+)$/.exec(word) ?? [];
  return (whys[known] ?? plain(known)) + (status ? ` (${status})` : "");
}

export const mend = (word: string): string => mends[word] ?? mendFirst;
export const tone = (word: string): Tone => TONES[word] ?? "off";

/** A stable word with its underscores taken out. */
export function plain(word: string): string {
  return word.replaceAll("_", " ");
}
