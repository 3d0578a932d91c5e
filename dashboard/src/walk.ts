// The keys that lead from row to row.

/** Focuses the row after or before the one that has the focus; the first, where none has. */
export function walkAlong(rows: string, step: 1 | -1): void {
  const all = [...document.querySelectorAll<HTMLElement>(rows)];
  const at = all.findIndex((row) => row === document.activeElement);
  all[at < 0 ? 0 : Math.max(0, Math.min(all.length - 1, at + step))]?.focus();
}
