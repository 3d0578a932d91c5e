// Whether alerts are told in time, for people. Pure.

import type { Tone } from "./words";

/** `burn_rates` by window: 1 misses just as many as the objective allows. */
export interface Kept {
  missed: boolean;
  burn_rates: Record<string, number>;
  /** How many deliveries ended, and how many of them too late or in vain. */
  last_hour: { ended: number; missed: number };
}

/** So many percent (`of`) of each channel's deliveries within that time of their detection. */
export interface Objective {
  within_s: number;
  of: number;
  channels: Record<string, Kept>;
}

export interface Pace {
  channel: string;
  word: string;
  tone: Tone;
  rate: number;
}

const WINDOWS: [name: string, words: string][] = [
  ["5m", "5 min"],
  ["30m", "30 min"],
  ["1h", "1 h"],
  ["6h", "6 h"],
];
const NOW = "1h";
const LEAST_MISSED = 5; // one late alert of ten worries nobody

/** Channel by channel, the worst first. */
export function paces(objective: Objective): Pace[] {
  const told = Object.entries(objective.channels).map(([channel, kept]) => paceOf(channel, kept));
  return told.sort((one, other) => other.rate - one.rate);
}

/** What to show where there is little room: the channels that do not keep up, or the worst of those that do. */
export function headline(all: readonly Pace[]): Pace[] {
  const behind = all.filter((pace) => pace.tone !== "good");
  return behind.length ? behind : all.slice(0, 1);
}

/** All of it in a few lines. */
export function explained(objective: Objective): string {
  const aim = `${objective.of} % of deliveries are to be told within ${objective.within_s} s of their detection.`;
  const lines = Object.entries(objective.channels).map(([channel, kept]) => {
    const rates = WINDOWS.map(([name, words]) => `${short(kept.burn_rates[name] ?? 0)} in ${words}`);
    const { ended, missed } = kept.last_hour;
    const hour = `${missed} of ${ended} missed it in the last hour`;
    return `${channel}: ${paceOf(channel, kept).word.toLowerCase()}, ${hour}; burn rate ${rates.join(", ")}`;
  });
  return [aim, ...lines, "A burn rate of 1 misses just as many as that allows."].join("\n");
}

/** A rate in two figures: `0.4`, `14`. */
export function short(rate: number): string {
  return rate < 9.95 ? rate.toFixed(1).replace(/\.0$/, "") : String(Math.round(rate));
}

function paceOf(channel: string, kept: Kept): Pace {
  const rate = kept.burn_rates[NOW] ?? 0;
  if (kept.missed) return { channel, word: "Too late", tone: "bad", rate };
  const slipping = rate > 1 && kept.last_hour.missed >= LEAST_MISSED;
  return slipping
    ? { channel, word: "Slipping", tone: "busy", rate }
    : { channel, word: "In time", tone: "good", rate };
}
