// "Tell me on this device": whether the owner of this page's token is told here, also while no page is open.

import { type Api, ApiError } from "../api";
import { here } from "../place";
import { strings } from "../strings";
import { isPossible, NotSubscribed, subscribe, watch } from "./subscribe";

const TOLD = "tocsin.device"; // by this page: the same browser may be told by a person's own page, as somebody else
const BROWSERS = "/api/v1/me/browsers";

export class Device {
  told = $state(localStorage.getItem(TOLD) === "1");
  busy = $state(false);
  problem = $state("");
  readonly possible = isPossible();
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  /** The page shows something without a network, too; and whoever is told here is known to be there still. */
  async start(): Promise<void> {
    if (!("serviceWorker" in navigator)) return;
    const watching = await watch(here("/").href).catch(() => null);
    if (!watching || !this.told) return;
    const held = await watching.pushManager?.getSubscription().catch(() => null);
    if (held && Notification.permission === "granted") {
      await this.#api.call("POST", BROWSERS, held.toJSON()).catch(() => undefined);
    } else {
      this.#note(false);
    }
  }

  /** Call this from a click. */
  async tell(): Promise<void> {
    await this.#try(async () => {
      const { key } = await this.#api.call<{ key: string }>("GET", `${BROWSERS}/key`);
      const made = await subscribe(key, here("/").href);
      await this.#api.call("POST", BROWSERS, made.toJSON());
      this.#note(true);
    });
  }

  async forget(): Promise<void> {
    await this.#try(async () => {
      const held = await (await navigator.serviceWorker.ready).pushManager.getSubscription();
      if (held) {
        await this.#api.call("DELETE", BROWSERS, held.toJSON()).catch(gone);
        await held.unsubscribe();
      }
      this.#note(false);
    });
  }

  async #try(act: () => Promise<void>): Promise<void> {
    this.busy = true;
    this.problem = "";
    try {
      await act();
    } catch (problem) {
      this.problem = said(problem);
    } finally {
      this.busy = false;
    }
  }

  #note(told: boolean): void {
    this.told = told;
    localStorage.setItem(TOLD, told ? "1" : "0");
  }
}

/** The service forgot it before we did. */
function gone(problem: unknown): void {
  if (!(problem instanceof ApiError && problem.status === 404)) throw problem;
}

function said(problem: unknown): string {
  if (problem instanceof NotSubscribed) return strings.device[problem.why];
  if (problem instanceof ApiError) return problem.code === "browser_push_off" ? strings.device.off : problem.message;
  return strings.device.failed;
}
