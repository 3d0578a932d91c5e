// What the service tells its operators, on the namespace /ops.

import type { Band } from "./alert";

/** A delivery changed its state. */
export interface DeliveryNews {
  id: string;
  alert_id: string;
  target: string;
  state: string;
  why: string | null;
}

/** How the service does: over the last minute, and what waits now. */
export interface Stats {
  alerts_per_minute: number;
  latency: { p50_ms: number | null; p99_ms: number | null };
  queue: Record<Band, number>;
}
