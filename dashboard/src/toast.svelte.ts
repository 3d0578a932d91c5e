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
