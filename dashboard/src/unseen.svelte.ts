// How many alerts came while nobody looked at the page, for its tab to say.

import { strings } from "./strings";

export class Unseen {
  count = $state(0);

  /** Returns what stops it. */
  start(): () => void {
    const look = (): void => {
      if (!document.hidden) this.count = 0;
    };
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }

  hear(): void {
    if (document.hidden) this.count++;
  }
}

/** `(3) Tocsin`: those that came unseen, or wait to be shown; a room's name stands before the program's. */
export function titled(unseen: number, waiting: number, room = ""): string {
  const count = Math.max(unseen, waiting);
  return `${count ? `(${count}) ` : ""}${room ? `${room} · ` : ""}${strings.program}`;
}
