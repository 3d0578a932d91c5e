// What the token of this page may do: nothing is offered that the service would refuse.

import type { Api } from "./api";

export const SCOPES = ["ingest", "read", "contacts", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

export class Rights {
  #scopes = $state.raw<readonly string[]>([]);
  /** Whether the service has said so. */
  known = $state(false);
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  /** `admin` implies the others; nothing is allowed before the service has said so. */
  may(scope: Scope): boolean {
    return this.#scopes.includes(scope) || this.#scopes.includes("admin");
  }

  /** What cannot be asked now stays as it was. */
  async look(): Promise<void> {
    const token = await this.#api.mine().catch(() => null);
    if (!token) return;
    this.#scopes = token.scopes;
    this.known = true;
  }
}
