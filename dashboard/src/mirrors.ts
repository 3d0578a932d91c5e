// How far the copies of the history elsewhere are.

import { count, span } from "./format";
import { strings } from "./strings";
import type { Tone } from "./words";

/** `behind` waits for it; `caught_up_in_s` is null where nobody can tell, `problem` empty where it takes what comes. */
export interface Mirror {
  name: string;
  behind: number;
  caught_up_in_s: number | null;
  written_at: string | null;
  problem: string;
}

export function toneOf({ behind, problem }: Mirror): Tone {
  if (problem) return "bad";
  return behind ? "busy" : "good";
}

/** `1,204 behind, caught up in 3 min`; when, nobody can promise of one that takes nothing. */
export function distance({ behind, caught_up_in_s: ahead, problem }: Mirror, locale?: string): string {
  const text = strings.operations;
  if (!behind) return text.caughtUp;
  const told = text.behind(count(behind, locale));
  return ahead === null || problem ? told : `${told}, ${text.caughtUpIn(span(ahead))}`;
}
