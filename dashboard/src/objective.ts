// Whether alerts are told in time, for people. Pure.

import { decimal } from "./format";
import { strings } from "./strings";
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

const text = strings.objective;
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
  const lines = Object.entries(objective.channels).map(([channel, kept]) => {
    const rates = Object.entries(text.windows).map(([name, words]) =>
      text.burns(short(kept.burn_rates[name] ?? 0), words),
    );
    const { ended, missed } = kept.last_hour;
    return text.line(channel, paceOf(channel, kept).word.toLowerCase(), missed, ended, rates.join(", "));
  });
  return [text.aim(objective.of, objective.within_s), ...lines, text.meaning].join("\n");
}

/** A rate in two figures: `0.4`, `14`. */
export function short(rate: number): string {
  return decimal(rate, rate < 9.95 ? 1 : 0);
}

function paceOf(channel: string, kept: Kept): Pace {
  const rate = kept.burn_rates[NOW] ?? 0;
  if (kept.missed) return { channel, word: text.tooLate, tone: "bad", rate };
  const slipping = rate > 1 && kept.last_hour.missed >= LEAST_MISSED;
  return slipping
    ? { channel, word: text.slipping, tone: "busy", rate }
    : { channel, word: text.inTime, tone: "good", rate };
}
