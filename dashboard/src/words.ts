// What the service's stable words mean, for people. A word that is not here is shown as it is.

import type { AlertType, Band } from "./alert";

export const TYPE_WORDS: Record<AlertType, string> = {
  in_stock: "In stock",
  price_drop: "Price drop",
  restock_soon: "Restock soon",
  back_order: "Back order",
};

export const BAND_WORDS: Record<Band, string> = { high: "High", medium: "Medium", low: "Low" };

const REASONS: Record<string, string> = {
  new: "nothing like it was accepted before",
  price_changed: "the price moved, or is in another currency",
  cooldown_over: "the same again, after its cooldown",
  reopened: "sold out, and back again",
  test: "a test by an operator",
  excluded_retailer: "this retailer is excluded",
  price_rose: "sent as a price drop, and dearer than before",
  price_drop_too_small: "the price dropped too little",
  below_min_price: "the price is below the product's limit",
  above_max_price: "the price is above the product's limit",
  stale: "already past its useful life on arrival",
};

const STATES: Record<string, string> = {
  pending: "Queued",
  sending: "Sending",
  unknown: "Answer lost",
  sent: "Sent",
  delivered: "Delivered",
  refused: "Refused",
  expired: "Expired",
  cancelled: "Cancelled",
  possibly_sent: "Possibly sent",
};

export const DELIVERY_STATES = Object.keys(STATES);

const WHYS: Record<string, string> = {
  poison: "it failed here again and again",
  no_target: "its target is disabled or gone",
  refused: "the provider refused it",
  closed: "sold out before it could leave",
  superseded: "a newer alert took its place",
  acknowledged: "somebody said it is dealt with",
  consent: "the person took back the consent",
  per_day: "the person has heard of as many today as they want",
  quiet: "quiet hours of this target",
  shadow: "shadow mode: decided and shown, never sent",
  failed_over: "the fallback took over",
  spend_cap: "what may be spent today, or sent to that person, was used up",
  past_life: "too old to be useful before it could leave",
  deferred: "back in the queue",
  retried: "an operator asked for another try",
  resent: "the answer was lost, so it is sent again",
  found: "the provider confirmed that it has it",
  not_found: "the provider never had it",
  held: "the answer was lost; it is not sent twice",
  answer_lost: "the provider's answer was lost",
  crashed: "the service stopped before the answer came",
};

// How to mend a disabled target, by why it was disabled.
const MENDS: Record<string, string> = {
  target_gone:
    "It does not exist any more at the provider. Make a new one, put it into the configuration, reload, then enable it.",
  target_forbidden: "It exists, and we may not write to it. Mend the permissions at the provider, then enable it.",
  opted_out: "The person said stop. Only they can take that back.",
};

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

export const reason = (word: string): string => REASONS[word] ?? plain(word);
export const deliveryState = (word: string): string => STATES[word] ?? plain(word);
export const why = (word: string): string => WHYS[word] ?? plain(word);
export const mend = (word: string): string => MENDS[word] ?? "Once the cause is mended, enable it.";
export const tone = (word: string): Tone => TONES[word] ?? "off";

/** A stable word with its underscores taken out. */
export function plain(word: string): string {
  return word.replaceAll("_", " ");
}
