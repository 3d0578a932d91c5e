// The bell of this page. Silent until somebody asks for it: browsers insist, and so do offices.

import { BANDS, type Band } from "./alert";
import { strike, strikeAt, type Struck } from "./sound";

export type Bands = Record<Band, boolean>;

/** `waiting`: wanted, and the browser lets nothing be heard before a click or a key. */
export type Sounding = "off" | "muted" | "waiting" | "armed";

const RINGS = "tocsin.sound";
const MUTED = "tocsin.muted";
const VOLUME = "tocsin.volume";
const HOUR_MS = 3_600_000;
const USUAL_VOLUME = 0.7;
const SETTLE_MS = 500; // what is said of the bell changes after the click that woke it: nothing moves under that

export class Bell {
  rings = $state.raw<Bands>(rememberedBands(RINGS));
  /** From 0 to 1. */
  volume = $state(rememberedVolume());
  /** Epoch ms. */
  mutedUntil = $state(rememberedMute(Date.now()));
  /** Whether the browser lets it be heard, as it is shown. */
  #armed = $state(false);
  #context: AudioContext | null = null;
  #out: GainNode | null = null;
  #struck: Struck = {};

  constructor() {
    // A browser that knows this page well lets it ring at once; the others say so.
    if (this.wanted) this.#open();
  }

  get wanted(): boolean {
    return BANDS.some((band) => this.rings[band]);
  }

  sounding(now: number): Sounding {
    if (!this.wanted) return "off";
    if (now < this.mutedUntil) return "muted";
    return this.#armed ? "armed" : "waiting";
  }

  choose(rings: Bands): void {
    this.rings = rings;
    rememberBands(RINGS, rings);
    this.wake();
  }

  turn(volume: number): void {
    this.volume = volume;
    localStorage.setItem(VOLUME, String(volume));
    if (this.#out) this.#out.gain.value = loudness(volume);
    this.wake();
  }

  /** Call this from a click or a key: browsers start sound for nothing else, remembered choice or not. */
  wake(): void {
    if (!this.wanted || this.#context?.state === "running") return;
    if (!this.#context) this.#open();
    void this.#context?.resume().catch(() => undefined);
  }

  stop(): void {
    void this.#context?.close();
  }

  /** Silent for an hour, or not any more. */
  mute(now: number): void {
    this.mutedUntil = now < this.mutedUntil ? 0 : now + HOUR_MS;
    localStorage.setItem(MUTED, String(this.mutedUntil));
  }

  ring(band: Band, now: number): void {
    if (this.rings[band] && now >= this.mutedUntil && this.#context?.state === "running") this.#strike(band);
  }

  /** So that who chooses a band, or a volume, hears it. */
  sample(band: Band): void {
    this.#strike(band);
  }

  #strike(band: Band): void {
    if (!this.#context || !this.#out) return;
    const at = strikeAt(band, this.#context.currentTime, this.#struck);
    if (at === null) return;
    this.#struck[band] = at;
    strike(this.#context, this.#out, band, at);
  }

  #open(): void {
    if (!globalThis.AudioContext) return;
    const context = new AudioContext();
    this.#out = new GainNode(context, { gain: loudness(this.volume) });
    this.#out.connect(context.destination);
    const look = (): void => {
      this.#armed = context.state === "running";
    };
    context.onstatechange = () => setTimeout(look, SETTLE_MS);
    look();
    this.#context = context;
  }
}

export function rememberedBands(key: string): Bands {
  const bands = (localStorage.getItem(key) ?? "").split(",");
  return { high: bands.includes("high"), medium: bands.includes("medium"), low: bands.includes("low") };
}

export function rememberBands(key: string, bands: Bands): void {
  localStorage.setItem(key, BANDS.filter((band) => bands[band]).join(","));
}

/** Half the way of the slider is half as loud to the ear. */
function loudness(volume: number): number {
  return volume ** 2;
}

function rememberedVolume(): number {
  const text = localStorage.getItem(VOLUME);
  const volume = Number(text);
  return text !== null && volume >= 0 && volume <= 1 ? volume : USUAL_VOLUME;
}

/** What is further away than an hour was said by another clock. */
function rememberedMute(now: number): number {
  const until = Number(localStorage.getItem(MUTED));
  return until > now && until <= now + HOUR_MS ? until : 0;
}
