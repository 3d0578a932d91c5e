// The token of the link `/#token=…`: kept for this tab, never left in the address.

const KEY = "tocsin.token";

/** The token of this tab. One in the address wins, and is taken out of it at once. */
export function takeToken(): string | null {
  const given = tokenIn(location.hash);
  if (given) {
    sessionStorage.setItem(KEY, given);
    history.replaceState(history.state, "", location.pathname + location.search);
  }
  return sessionStorage.getItem(KEY);
}

export function keepToken(token: string): void {
  sessionStorage.setItem(KEY, token);
}

export function forgetToken(): void {
  sessionStorage.removeItem(KEY);
}

/** What somebody pasted: a whole link, its fragment, or the bare token. */
export function tokenIn(text: string): string | null {
  const hash = text.indexOf("#");
  return hash < 0 ? null : new URLSearchParams(text.slice(hash + 1)).get("token");
}
