// A table for spreadsheets, of what a panel shows: no cell begins a formula. Pure.

export type Cell = string | number | null;

export interface Table {
  heads: readonly string[];
  rows: readonly (readonly Cell[])[];
}

export function csvOf({ heads, rows }: Table): Blob {
  const lines = [heads, ...rows].map((row) => row.map(written).join(","));
  return new Blob([`${lines.join("\r\n")}\r\n`], { type: "text/csv" });
}

function written(cell: Cell): string {
  const text = cell === null ? "" : String(cell);
  const harmless = typeof cell === "number" || !/^[=+\-@\t\r\n\0]/.test(text) ? text : `'${text}`;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
