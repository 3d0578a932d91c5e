// What became of an alert's deliveries, in few words: one chip for each channel. Pure.

import { type BriefDelivery, parts, type ToldList } from "./api";
import { strings } from "./strings";
import { deliveryState, type Tone, tone, why } from "./words";

/** What is known of one delivery, from a list or from the live news. */
export interface Delivered extends BriefDelivery {
  /** Of a list of people: `many` of `of` are in this state. */
  many?: number;
  of?: number;
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

// Channels whose targets are lists of people.
const TOLD_PERSONS: ReadonlySet<string> = new Set(["sms", "voice", "push", "email"]);

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

/** A list as one delivery: in the state that most of its people are in. */
export function asOne({ target, recipients, moved_at }: ToldList): Delivered[] {
  const { planned: of = 0, ...states } = recipients;
  const [state, many] = Object.entries(states).reduce((most, one) => (one[1] > most[1] ? one : most), ["", 0]);
  if (!many || !moved_at) return [];
  return [{ target, state: state === "waiting" ? "pending" : state, why: null, at: moved_at, many, of }];
}

/** Whether it says more of one person than of the list that the person is on: how that one fared is in the details. */
export function isOfOne({ target, state }: Delivered): boolean {
  return TOLD_PERSONS.has(parts(target)[0]) && tone(state) !== "good" && state !== "sending";
}

/** What is worst comes first, of a channel and among channels: there may be no room for the rest. */
export function chipsOf(deliveries: Iterable<Delivered>): Chip[] {
  const channels = new Map<string, Delivered[]>();
  for (const delivery of deliveries) {
    const [channel] = parts(delivery.target);
    channels.set(channel, [...(channels.get(channel) ?? []), delivery]);
  }
  return [...channels].map(([channel, all]) => chipOf(channel, all)).sort((one, other) => rank(one) - rank(other));
}

function chipOf(channel: string, all: Delivered[]): Chip {
  const worst = all.reduce((one, other) => (rankOf(other) < rankOf(one) ? other : one));
  const alike = all.filter(({ state }) => state === worst.state).length;
  const word = deliveryState(worst.state).toLowerCase();
  const { many = 0, of = 0 } = worst;
  const [some, whole] = all.length > 1 ? [alike, all.length] : [many, of];
  const count = whole < 2 ? "" : some < whole ? `${strings.row.someOf(some, whole)} ` : `${whole} `;
  return { channel, tone: tone(worst.state), said: count + word, explained: all.map(explained).join("\n") };
}

function explained({ target, state, why: word, many, of }: Delivered): string {
  return `${target}: ${of ? `${strings.row.someOf(many ?? 0, of)} ` : ""}${deliveryState(state).toLowerCase()}${word ? `, ${why(word)}` : ""}`;
}

const rankOf = ({ state }: Delivered): number => WORST_FIRST.indexOf(tone(state));
const rank = (chip: Chip): number => WORST_FIRST.indexOf(chip.tone);
