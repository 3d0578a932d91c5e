// The configuration as the service tells of it. Pure.

import type { Detail } from "./api";

export interface Value {
  /** `alerts.channels.discord.rate_limit` */
  path: string;
  value: unknown;
  source: string;
  /** Where it is written: `alerts.json:12:7`, or the name of a variable. */
  place: string;
}

export interface Caution {
  path: string;
  message: string;
  place: string;
}

export interface InForce {
  file: string | null;
  values: Value[];
  warnings: Caution[];
}

export interface Checked {
  found: Record<string, number>;
  warnings: Caution[];
  notes: Caution[];
}

/** What came of the check of a file: what it has, or every problem. */
export type Verdict = { name: string } & ({ checked: Checked } | { message: string; problems: readonly Detail[] });

export interface Group {
  name: string;
  values: Value[];
}

const CHANNELS = "alerts.channels.";

/** The values that are looked for, by the block that they stand in; `set`: only what somebody has written. */
export function grouped(values: readonly Value[], text: string, set: boolean): Group[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const groups = new Map<string, Value[]>();
  for (const value of values) {
    const says = `${value.path} ${told(value.value)} ${value.place}`.toLowerCase();
    if ((set && value.source === "default") || !words.every((word) => says.includes(word))) continue;
    const name = blockOf(value.path);
    groups.set(name, [...(groups.get(name) ?? []), value]);
  }
  return [...groups].map(([name, all]) => ({ name, values: all }));
}

/** A value as a file would have it. */
export function told(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function blockOf(path: string): string {
  const channel = path.startsWith(CHANNELS) ? path.slice(CHANNELS.length).split(/[.[]/)[0] : null;
  return channel ? CHANNELS + channel : (path.split(/[.[]/)[0] ?? path);
}
