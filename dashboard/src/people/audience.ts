// What a list of people was told of an alert, in counts. Pure.

import type { ToldList } from "../api";
import { type Tone, tone } from "../words";

export interface Count {
  /** As the service is asked for these people. */
  state: string;
  many: number;
  said: string;
  tone: Tone;
}

const WORDS: Record<string, string> = {
  waiting: "wait",
  sending: "on the way",
  unknown: "with a lost answer",
  sent: "sent",
  delivered: "delivered",
  refused: "refused",
  expired: "expired",
  cancelled: "cancelled",
  possibly_sent: "possibly sent",
};

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

const LEFT_OUT: Record<string, string> = {
  suppressed: "left alone",
  consent: "not confirmed, or without consent",
  paused: "paused everything",
  muted: "want nothing of this product any more",
  match: "want to hear of other things",
  channel: "not by this channel",
  per_day: "had as many today as they want",
  other_channel: "are told by another channel, and here if that fails",
  quiet: "it is night for them",
  other_list: "told by another list",
  max_recipients: "more than the list may tell; others have their turn",
};

/** `248 sent, 1 refused, 51 wait`: the states that somebody is in. */
export function counts({ recipients }: ToldList): Count[] {
  return ORDER.filter((word) => recipients[word]).map((word) => {
    const state = word === "waiting" ? "pending" : word;
    return { state, many: recipients[word] ?? 0, said: WORDS[word] ?? word, tone: tone(state) };
  });
}

/** Why people of the list were not told, the most first. */
export function leftOut({ left_out }: ToldList): [why: string, many: number][] {
  return Object.entries(left_out)
    .sort(([, one], [, other]) => other - one)
    .map(([word, many]) => [LEFT_OUT[word] ?? word.replaceAll("_", " "), many]);
}
