import { toasts } from "./toast.svelte";

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
