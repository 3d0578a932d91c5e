// Who watches the retailers: asked now and then, and told at once when one falls silent or is back.

import { type Api, type Monitor, said } from "./api";
import { askNowAndThen } from "./asking";

export class Monitors {
  list = $state.raw<Monitor[]>([]);
  problem = $state("");
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  get lost(): number {
    return this.list.filter(isLost).length;
  }

  /** Returns what stops it. */
  start(): () => void {
    return askNowAndThen(() => void this.look());
  }

  /** One of them is lost, or back. */
  hear(news: Monitor): void {
    this.list = this.list.map((monitor) => (monitor.id === news.id ? news : monitor));
  }

  async look(): Promise<void> {
    try {
      this.list = (await this.#api.monitors()).monitors;
      this.problem = "";
    } catch (problem) {
      this.problem = said(problem);
    }
  }
}

export function isLost(monitor: Monitor): boolean {
  return monitor.state === "lost";
}
