// What the service tells its operators, on the namespace /ops.

import type { Closed } from "./closed";
import type { Objective } from "./objective";

/** A delivery changed its state. `latency_s`: from detection to the provider's answer, on `sent`. */
export interface DeliveryNews {
  id: string;
  alert_id: string;
  channel: string;
  target: string;
  state: string;
  why: string | null;
  detail: string;
  latency_s: number | null;
}

/** A lane lets nothing leave for longer than a moment, or is open again (null). */
export interface LaneNews {
  lane: string;
  closed: Closed | null;
}

/** Counts since the service started. */
export interface Stats {
  decisions: Partial<Record<string, number>>;
  /** Whether alerts are told in time; null where the configuration does not ask. */
  objective: Objective | null;
}

export function targetOf(news: DeliveryNews): string {
  return `${news.channel}:${news.target}`;
}
