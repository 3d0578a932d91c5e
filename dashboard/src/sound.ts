// A bell for each band, made on the spot. Silent until somebody asks for it: browsers insist, and so do offices.

import { BANDS, type Band } from "./alert";

export type Rings = Record<Band, boolean>;

const KEY = "tocsin.sound";
const HOUR_MS = 3_600_000;
const GAP_S = 0.35; // a flood rings like one bell, not like a hailstorm

// Strike note in Hz and loudness: the more it matters, the higher and the louder.
const VOICES: Record<Band, { note: number; gain: number }> = {
  high: { note: 880, gain: 0.22 },
  medium: { note: 587, gain: 0.14 },
  low: { note: 392, gain: 0.08 },
};

// A bell's partials: ratio to the strike note, loudness, seconds until it has died away.
const PARTIALS = [
  [0.5, 0.5, 1.8],
  [1, 1, 1.2],
  [1.19, 0.5, 0.9],
  [1.5, 0.3, 0.7],
  [2, 0.4, 0.6],
  [2.74, 0.2, 0.4],
] as const;

export class Bell {
  rings: Rings = remembered();
  mutedUntil = 0;
  #context: AudioContext | null = null;
  #nextAt = 0;

  choose(rings: Rings): void {
    this.rings = rings;
    localStorage.setItem(KEY, BANDS.filter((band) => rings[band]).join(","));
    this.wake();
  }

  /** Call this from a click or a key: browsers start sound for nothing else, remembered choice or not. */
  wake(): void {
    if (this.#context || !BANDS.some((band) => this.rings[band])) return;
    this.#context = new AudioContext();
    void this.#context.resume();
  }

  /** Silent for an hour, or not any more. */
  mute(now: number): void {
    this.mutedUntil = this.muted(now) ? 0 : now + HOUR_MS;
  }

  muted(now: number): boolean {
    return now < this.mutedUntil;
  }

  ring(band: Band, now: number): void {
    const context = this.#context;
    if (!context || !this.rings[band] || this.muted(now) || context.currentTime < this.#nextAt) return;
    this.#nextAt = context.currentTime + GAP_S;
    strike(context, band);
  }
}

function strike(context: AudioContext, band: Band): void {
  const { note, gain } = VOICES[band];
  for (const [ratio, loudness, seconds] of PARTIALS) {
    const tone = new OscillatorNode(context, { frequency: note * ratio });
    const fade = new GainNode(context, { gain: gain * loudness });
    fade.gain.exponentialRampToValueAtTime(0.0001, context.currentTime + seconds);
    tone.connect(fade).connect(context.destination);
    tone.start();
    tone.stop(context.currentTime + seconds);
  }
}

function remembered(): Rings {
  const bands = (localStorage.getItem(KEY) ?? "").split(",");
  return { high: bands.includes("high"), medium: bands.includes("medium"), low: bands.includes("low") };
}
