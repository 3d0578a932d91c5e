// Asks the service now and then for what it does not tell by itself.

const EVERY_MS = 10_000;

/** At once, and again as long as somebody looks at the page. Returns what stops it. */
export function askNowAndThen(look: () => void): () => void {
  look();
  const looking = setInterval(() => document.hidden || look(), EVERY_MS);
  return () => clearInterval(looking);
}
