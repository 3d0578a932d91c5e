// What the service tells its operators, on the namespace /ops.

import type { Band } from "./alert";
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
  at: string;
}

/** A lane lets nothing leave for longer than a moment, or is open again (null). */
export interface LaneNews {
  lane: string;
  closed: Closed | null;
}

/** How the service does now, the same for everybody. */
export interface Stats {
  last_minute: LastMinute;
  /** Deliveries that wait, by band. */
  queue: Record<Band, number>;
  /** Whether alerts are told in time; null where the configuration does not ask. */
  objective: Objective | null;
  shadow: Shadow;
}

/** Of the deliveries sent in the last minute and of those that wait: how long from detection, so far; null: none. */
export interface LastMinute {
  accepted: number;
  sent: number;
  waiting: number;
  p50_s: number | null;
  p99_s: number | null;
}

/** For these channels everything is decided and shown, and nothing is sent. */
export interface Shadow {
  everything: boolean;
  channels: string[];
}

export function targetOf(news: DeliveryNews): string {
  return `${news.channel}:${news.target}`;
}
