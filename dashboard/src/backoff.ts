// How long to wait before the next try to connect.

const FIRST_MS = 500;
const LONGEST_MS = 15_000;

/** Doubles from half a second to 15 s. `chance` (0 to 1) spreads a crowd that lost the same server. */
export function backoff(failures: number, chance: number): number {
  const most = Math.min(LONGEST_MS, FIRST_MS * 2 ** failures);
  return Math.round(most * (0.5 + chance / 2));
}
