// Minutes of a channel, one after the other, gathered into runs of what was known of it. Pure.

export type Kind = "up" | "down" | "idle";

/** `from` counts minutes from the beginning. */
export interface Run {
  kind: Kind;
  from: number;
  minutes: number;
}

const KINDS: Record<string, Kind> = { u: "up", d: "down", ".": "idle" };
const HOUR_MS = 3_600_000;

/** From `since` to `until`; `hours` has a sign for each minute by the hour that it is of. An hour that is missing was idle. */
export function runs(hours: ReadonlyMap<string, string>, since: string, until: string): Run[] {
  const found: Run[] = [];
  const end = Date.parse(until);
  for (let at = Date.parse(since); at < end; at += HOUR_MS) {
    const signs = hours.get(new Date(at).toISOString()) ?? "";
    for (const sign of signs.padEnd(60, ".")) add(found, KINDS[sign] ?? "idle");
  }
  return found;
}

function add(found: Run[], kind: Kind): void {
  const last = found.at(-1);
  if (last?.kind === kind) last.minutes++;
  else found.push({ kind, from: last ? last.from + last.minutes : 0, minutes: 1 });
}
