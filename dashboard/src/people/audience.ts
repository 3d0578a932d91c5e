// What a list of people was told of an alert, in counts. Pure.

import type { ToldList } from "../api";
import { strings } from "../strings";
import { plain, type Tone, tone } from "../words";

export interface Count {
  /** As the service is asked for these people. */
  state: string;
  many: number;
  said: string;
  tone: Tone;
}

const text = strings.people.told;

const ORDER = [
  "delivered",
  "sent",
  "possibly_sent",
  "unknown",
  "refused",
  "expired",
  "cancelled",
  "sending",
  "waiting",
];

/** `248 sent, 1 refused, 51 wait`: the states that somebody is in. */
export function counts({ recipients }: ToldList): Count[] {
  return ORDER.filter((word) => recipients[word]).map((word) => {
    const state = word === "waiting" ? "pending" : word;
    return { state, many: recipients[word] ?? 0, said: text.states[word] ?? word, tone: tone(state) };
  });
}

/** Why people of the list were not told, the most first. */
export function leftOut({ left_out }: ToldList): [why: string, many: number][] {
  return Object.entries(left_out)
    .sort(([, one], [, other]) => other - one)
    .map(([word, many]) => [leftOutWord(word), many]);
}

/** Why people of a list were not told. */
export const leftOutWord = (word: string): string => text.leftOut[word] ?? plain(word);
