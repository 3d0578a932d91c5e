// How one step of an alert's timeline reads. Pure.

import type { Step } from "./api";
import { strings } from "./strings";
import { plain, reason, type Tone, why } from "./words";

const TONES: Record<string, Tone> = {
  accepted: "good",
  planned: "busy",
  sending: "busy",
  joined: "good",
  deferred: "bad",
  refused: "bad",
  unknown: "bad",
  sent: "good",
  delivered: "good",
  pending: "busy",
  expired: "bad",
  possibly_sent: "bad",
  clicked: "good",
};

export interface Telling {
  what: string;
  detail: string;
  tone: Tone;
}

export function telling(step: Step): Telling {
  const what = strings.words.steps[step.what] ?? plain(step.what);
  return { what, detail: detailOf(step), tone: TONES[step.what] ?? "off" };
}

function detailOf({ what, detail }: Step): string {
  if (what === "accepted" || what === "filtered") return reason(detail);
  if (what === "detected") return plain(detail);
  if (what === "closed") return strings.words.episodeEnded;
  const [target, word, ...more] = detail.split(": ");
  return word ? [target, why(word), ...more].join(": ") : detail;
}
