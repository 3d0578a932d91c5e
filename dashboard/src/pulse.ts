// How the service does lately, from what it tells its operators. Pure: `now` is an argument, in milliseconds.

const RATE_MS = 60_000;
const LATENCIES_KEPT = 1000;

export class Pulse {
  #counts: { at: number; accepted: number }[] = [];
  #latencies: number[] = [];

  /** `accepted` is the count since the service started; a smaller one than before means that it was restarted. */
  count(accepted: number, now: number): void {
    const last = this.#counts.at(-1);
    if (last && accepted < last.accepted) this.#counts = [];
    this.#counts.push({ at: now, accepted });
    // The newest sample that is a minute old stays: the rate is measured against it.
    while (this.#counts.length > 2 && now - (this.#counts[1]?.at ?? now) >= RATE_MS) this.#counts.shift();
  }

  took(seconds: number): void {
    this.#latencies.push(seconds * 1000);
    if (this.#latencies.length > LATENCIES_KEPT) this.#latencies.shift();
  }

  /** Accepted alerts a minute over the last minute, or over as much of it as was watched; null until it can be told. */
  perMinute(): number | null {
    const first = this.#counts[0];
    const last = this.#counts.at(-1);
    if (!first || !last || last.at === first.at) return null;
    return Math.round(((last.accepted - first.accepted) / (last.at - first.at)) * RATE_MS);
  }

  /** The latency in ms that this part (0 to 1) of the last thousand deliveries kept to; null where there was none. */
  percentile(part: number): number | null {
    if (!this.#latencies.length) return null;
    const sorted = this.#latencies.toSorted((one, other) => one - other);
    return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * part) - 1)] ?? null;
  }
}
