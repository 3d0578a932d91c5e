// Whether the configuration in force is the one in the file.

import type { Api } from "./api";
import { metric } from "./metrics";

const EVERY_MS = 30_000;

export class Configuration {
  /** The last reload was refused: the one before stays in force. */
  refused = $state(false);
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  /** Returns what stops it. */
  start(): () => void {
    void this.#look();
    const looking = setInterval(() => document.hidden || void this.#look(), EVERY_MS);
    return () => clearInterval(looking);
  }

  async #look(): Promise<void> {
    const exposition = await this.#api.metrics().catch(() => null);
    if (exposition !== null) this.refused = metric(exposition, "tocsin_config_last_reload_successful") === 0;
  }
}
