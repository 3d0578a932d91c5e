// What waits to leave. Pure.

import { BANDS, type Band } from "./alert";
import type { Channel } from "./api";

/** Deliveries that wait, by band. A lane that targets share is counted once, a held one too. */
export function waitingByBand(channels: readonly Channel[]): Record<Band, number> {
  const lanes = new Map(
    channels
      .flatMap((channel) => (channel.channel === null ? channel.held : channel.targets))
      .map((row) => [row.lane, row]),
  );
  const sum = (band: Band): number => [...lanes.values()].reduce((total, row) => total + (row.pending[band] ?? 0), 0);
  return Object.fromEntries(BANDS.map((band) => [band, sum(band)])) as Record<Band, number>;
}
