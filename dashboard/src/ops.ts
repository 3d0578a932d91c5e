// What the service tells its operators, on the namespace /ops.

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

/** Counts since the service started. */
export interface Stats {
  decisions: Partial<Record<string, number>>;
}

export function targetOf(news: DeliveryNews): string {
  return `${news.channel}:${news.target}`;
}
