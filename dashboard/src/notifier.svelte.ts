// Notifications on the desktop, for who looks at something else. Asked for by a click alone, and never many at once.

import { type Alert, title } from "./alert";
import { summary } from "./announce.svelte";
import { type Bands, rememberBands, rememberedBands } from "./bell.svelte";
import { money } from "./format";
import { strings } from "./strings";
import { TYPE_WORDS } from "./words";

const text = strings.announced;

/** `impossible`: the browser has none for this page, for want of https or at all. */
export type Permission = NotificationPermission | "impossible";

const KEY = "tocsin.notify";
const GAP_MS = 4000;

export class Notifier {
  bands = $state.raw<Bands>(rememberedBands(KEY));
  permission = $state<Permission>(permitted());
  readonly #open: (id: string) => void;
  #heard: Alert[] = [];
  #nextAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(open: (id: string) => void) {
    this.#open = open;
  }

  /** Call this from a click: it may ask for the browser's leave. */
  async choose(bands: Bands): Promise<void> {
    this.bands = bands;
    rememberBands(KEY, bands);
    if (this.permission === "default" && Object.values(bands).some(Boolean)) {
      this.permission = await Notification.requestPermission();
    }
  }

  hear(alert: Alert): void {
    if (!this.bands[alert.band] || this.permission !== "granted" || isSeen()) return;
    this.#heard.push(alert);
    const wait = this.#nextAt - Date.now();
    if (wait <= 0) this.#tell();
    else this.#timer ??= setTimeout(() => this.#tell(), wait);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #tell(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const heard = this.#heard;
    this.#heard = [];
    const alert = heard.at(-1);
    if (!alert || isSeen()) return;
    this.#nextAt = Date.now() + GAP_MS;
    try {
      this.#show(alert, heard);
    } catch {
      // Phones show none without a service worker.
      this.permission = "impossible";
    }
  }

  /** One stands for all: each takes the place of the one before. The bell does the ringing. */
  #show(alert: Alert, heard: readonly Alert[]): void {
    const [headline, body] =
      heard.length > 1
        ? [summary(heard), text.last(title(alert), alert.retailer)]
        : [text.headline(TYPE_WORDS[alert.type] ?? alert.type, title(alert)), place(alert)];
    const shown = new Notification(headline, { body, icon: "/icon.svg", tag: "tocsin", silent: true });
    shown.onclick = () => {
      window.focus();
      shown.close();
      this.#open(alert.id);
    };
  }
}

function place(alert: Alert): string {
  return text.place(alert.price === null ? "" : money(alert.price, alert.currency), alert.retailer);
}

function isSeen(): boolean {
  return !document.hidden && document.hasFocus();
}

function permitted(): Permission {
  return window.isSecureContext && "Notification" in window ? Notification.permission : "impossible";
}
