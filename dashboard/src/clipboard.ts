import { strings } from "./strings";
import { toasts } from "./toast.svelte";

/** Browsers let a page copy only over https and on this machine. */
export const canCopy = Boolean(navigator.clipboard);

export async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toasts.say(strings.page.copied);
  } catch {
    toasts.say(strings.page.notCopied, true);
  }
}
