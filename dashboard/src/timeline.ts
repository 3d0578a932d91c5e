// How one step of an alert's timeline reads. Pure.

import type { Step } from "./api";
import { plain, reason, type Tone, why } from "./words";

const STEPS: Record<string, [what: string, tone: Tone]> = {
  detected: ["Detected", "off"],
  accepted: ["Accepted", "good"],
  filtered: ["Filtered", "off"],
  planned: ["Queued", "busy"],
  sending: ["Request leaves", "busy"],
  joined: ["Joined a message that stands", "good"],
  deferred: ["The provider said: later", "bad"],
  refused: ["Refused", "bad"],
  unknown: ["The answer was lost", "bad"],
  sent: ["The provider took it", "good"],
  delivered: ["It arrived", "good"],
  pending: ["Queued again", "busy"],
  expired: ["Expired", "bad"],
  cancelled: ["Cancelled", "off"],
  possibly_sent: ["Possibly sent", "bad"],
  repeated: ["Seen again", "off"],
  closed: ["Sold out", "off"],
  clicked: ["Link followed", "good"],
};

export interface Telling {
  what: string;
  detail: string;
  tone: Tone;
}

export function telling(step: Step): Telling {
  const [what, tone] = STEPS[step.what] ?? [plain(step.what), "off"];
  return { what, detail: detailOf(step), tone };
}

function detailOf({ what, detail }: Step): string {
  if (what === "accepted" || what === "filtered") return reason(detail);
  if (what === "detected") return plain(detail);
  if (what === "closed") return "the episode ended";
  const [target, word, ...more] = detail.split(": ");
  return word ? [target, why(word), ...more].join(": ") : detail;
}
