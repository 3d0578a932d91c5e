// Short messages about what the reader just did.

const SHOWN_MS = 5000;

class Toasts {
  text = $state("");
  bad = $state(false);
  #timer: ReturnType<typeof setTimeout> | undefined;

  say(text: string, bad = false): void {
    clearTimeout(this.#timer);
    this.text = text;
    this.bad = bad;
    this.#timer = setTimeout(() => {
      this.text = "";
    }, SHOWN_MS);
  }
}

export const toasts = new Toasts();

/** Browsers let a page copy only over https and on this machine. */
export const canCopy = Boolean(navigator.clipboard);

export async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toasts.say("Copied");
  } catch {
    toasts.say("The browser did not allow it", true);
  }
}
