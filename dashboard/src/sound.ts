// When a bell is struck, and how it sounds: made on the spot, for each band its own.

import { BANDS, type Band } from "./alert";

/** When each band's bell was struck last, in seconds of the audio clock; it may be about to be. */
export type Struck = Partial<Record<Band, number>>;

export const GAP_S = 0.35; // a flood rings like one bell, not like a hailstorm

// Strike note in Hz and loudness: the more it matters, the higher and the louder.
const VOICES: Record<Band, { note: number; gain: number }> = {
  high: { note: 880, gain: 0.3 },
  medium: { note: 587, gain: 0.2 },
  low: { note: 392, gain: 0.12 },
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

/**
 * When this band's bell is to be struck: at once, where none that matters as much has just been struck. The high one
 * is always heard: so soon after another it waits for its turn, and one stroke stands for all that wait. Null is not
 * at all.
 */
export function strikeAt(band: Band, now: number, struck: Struck): number | null {
  const asMuch = BANDS.slice(0, BANDS.indexOf(band) + 1);
  const last = Math.max(...asMuch.map((other) => struck[other] ?? Number.NEGATIVE_INFINITY));
  if (now >= last + GAP_S) return now;
  return band === "high" && last <= now ? last + GAP_S : null;
}

export function strike(context: AudioContext, out: AudioNode, band: Band, at: number): void {
  const { note, gain } = VOICES[band];
  for (const [ratio, loudness, seconds] of PARTIALS) {
    const tone = new OscillatorNode(context, { frequency: note * ratio });
    const fade = new GainNode(context, { gain: gain * loudness });
    fade.gain.setValueAtTime(gain * loudness, at);
    fade.gain.exponentialRampToValueAtTime(0.0001, at + seconds);
    tone.connect(fade).connect(out);
    tone.start(at);
    tone.stop(at + seconds);
  }
}
