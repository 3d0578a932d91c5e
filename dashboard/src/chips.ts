// What became of an alert's deliveries, in few words: one chip for each channel. Pure.

import { deliveryState, type Tone, tone, why } from "./words";

/** What is known of one delivery, from a list or from the live news; `at` is when it came into its state. */
export interface Delivered {
  /** `discord:general` */
  target: string;
  state: string;
  why: string | null;
  at: string;
}

/** By target. */
export type Deliveries = ReadonlyMap<string, Delivered>;

export interface Chip {
  channel: string;
  tone: Tone;
  /** `sent`, `2 sent`, `1 of 2 refused` */
  said: string;
  explained: string;
}

const WORST_FIRST: readonly Tone[] = ["bad", "busy", "good", "off"];

/** With what was told now; of two that say different things about one delivery, the later is right. */
export function merged(known: Deliveries | undefined, told: readonly Delivered[]): Deliveries {
  const all = new Map(known);
  for (const delivery of told) {
    const before = all.get(delivery.target);
    if (!before || before.at <= delivery.at) all.set(delivery.target, delivery);
  }
  return all;
}

/** What is worst comes first, of a channel and among channels: there may be no room for the rest. */
export function chipsOf(deliveries: Iterable<Delivered>): Chip[] {
  const channels = new Map<string, Delivered[]>();
  for (const delivery of deliveries) {
    const channel = delivery.target.slice(0, delivery.target.indexOf(":"));
    channels.set(channel, [...(channels.get(channel) ?? []), delivery]);
  }
  return [...channels].map(([channel, all]) => chipOf(channel, all)).sort((one, other) => rank(one) - rank(other));
}

function chipOf(channel: string, all: Delivered[]): Chip {
  const worst = all.reduce((one, other) => (rankOf(other) < rankOf(one) ? other : one));
  const alike = all.filter(({ state }) => state === worst.state).length;
  const word = deliveryState(worst.state).toLowerCase();
  const count = alike < all.length ? `${alike} of ${all.length} ` : all.length > 1 ? `${all.length} ` : "";
  return { channel, tone: tone(worst.state), said: count + word, explained: all.map(explained).join("\n") };
}

function explained({ target, state, why: word }: Delivered): string {
  return `${target}: ${deliveryState(state).toLowerCase()}${word ? `, ${why(word)}` : ""}`;
}

const rankOf = ({ state }: Delivered): number => WORST_FIRST.indexOf(tone(state));
const rank = (chip: Chip): number => WORST_FIRST.indexOf(chip.tone);
