// What the palette offers: rooms and commands that its words fit, then what the service finds. Pure.

import { searchedWords, folded } from "./search";

export interface Offer {
  key: string;
  /** What it is: a room, a command, an alert, … */
  kind: string;
  name: string;
  more: string;
  act(): void;
}

/** Those whose name has every word, somewhere. */
export function fitting(offers: readonly Offer[], text: string): Offer[] {
  const words = searchedWords(text);
  return offers.filter(({ name, kind }) => words.every((word) => folded(`${name} ${kind}`).includes(word)));
}

/** Where the arrows lead: round and round. */
export function moved(at: number, by: 1 | -1, count: number): number {
  return count ? (at + by + count) % count : 0;
}
