// The keyboard: which key asks for what.

import { strings } from "./strings";

const text = strings.keys;

export const KEYS = {
  j: ["next", text.next],
  k: ["previous", text.previous],
  "/": ["search", text.search],
  p: ["pause", text.pause],
  m: ["mute", text.mute],
  t: ["times", text.times],
  "?": ["help", text.help],
  Escape: ["back", text.back],
} as const;

export type Wish = (typeof KEYS)[keyof typeof KEYS][0] | "palette";

/** What a key press asks for; nothing while somebody writes, or holds a modifier that is the browser's. */
export function wish(event: KeyboardEvent): Wish | null {
  if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") return "palette";
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  const known = Object.hasOwn(KEYS, event.key) ? KEYS[event.key as keyof typeof KEYS] : null;
  if (!known) return null;
  return writing(event.target) && event.key !== "Escape" ? null : known[0];
}

function writing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input:not([type=checkbox]),textarea,select");
}
