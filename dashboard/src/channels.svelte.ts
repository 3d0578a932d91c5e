// How the channels do: asked now and then and after each test or mending, and told at once when a lane stands still.

import { type Api, type Channel, parts, said, type Target, type TestAnswer } from "./api";
import { askNowAndThen } from "./asking";
import type { LaneNews } from "./ops";
import { strings } from "./strings";
import { toasts } from "./toast.svelte";
import { deliveryState, type Tone, why } from "./words";

const SETTLE_MS = 500; // what stops one lane often stops several

export class Channels {
  list = $state.raw<Channel[]>([]);
  problem = $state("");
  /** Whether the service has told of them. */
  known = $state(false);
  /** The target that is being tested, enabled or disabled. */
  busy = $state("");
  readonly #api: Api;
  #looking: ReturnType<typeof setTimeout> | undefined;

  constructor(api: Api) {
    this.#api = api;
  }

  get targets(): Target[] {
    return this.list.flatMap((channel) => (channel.channel === null ? [] : channel.targets));
  }

  /** Targets that need somebody. */
  get trouble(): number {
    return this.targets.filter(inTrouble).length;
  }

  /** One light for each channel that has targets. */
  get lights(): Light[] {
    return this.list.flatMap((row) => (row.channel === null ? [] : [light(row.channel, row.targets)]));
  }

  /** Returns what stops it. */
  start(): () => void {
    const stop = askNowAndThen(() => void this.look());
    return () => {
      stop();
      clearTimeout(this.#looking);
    };
  }

  /** A lane stands still, or goes on. What waits there, and whom a human has to enable, is only in the list. */
  hear(news: LaneNews): void {
    clearTimeout(this.#looking);
    this.#looking = setTimeout(() => void this.look(), SETTLE_MS);
    const breaker = news.closed?.why === "breaker" ? "open" : "closed";
    this.list = this.list.map((row) =>
      row.channel === null
        ? row
        : {
            ...row,
            targets: row.targets.map((target) =>
              target.lane === news.lane ? { ...target, closed: news.closed, breaker } : target,
            ),
          },
    );
  }

  async look(): Promise<void> {
    try {
      this.list = (await this.#api.channels()).channels;
      this.known = true;
      this.problem = "";
    } catch (problem) {
      this.problem = said(problem);
    }
  }

  test(target: string): Promise<void> {
    return this.#ask(target, async () => told(await this.#api.test(target)));
  }

  enable(target: string): Promise<void> {
    return this.#ask(target, async () => {
      await this.#api.enable(target);
      return strings.channels.enabledAgain(target);
    });
  }

  disable(target: string): Promise<void> {
    return this.#ask(target, async () => {
      await this.#api.disable(target);
      return strings.channels.disabledNow(target);
    });
  }

  async #ask(target: string, request: () => Promise<string>): Promise<void> {
    this.busy = target;
    try {
      toasts.say(await request());
    } catch (problem) {
      toasts.say(said(problem), true);
    }
    this.busy = "";
    await this.look();
  }
}

/** `told` is for people: who is in trouble, or that nobody is. */
export interface Light {
  channel: string;
  tone: Tone;
  told: string;
}

export function light(channel: string, targets: readonly Target[]): Light {
  const bad = targets.filter(inTrouble).map(({ target }) => parts(target)[1]);
  if (bad.length) return { channel, tone: "bad", told: strings.head.needsAttention(bad.join(", ")) };
  const shadow = targets.every((target) => target.shadow);
  return { channel, tone: shadow ? "off" : "good", told: shadow ? strings.head.inShadow : strings.head.inOrder };
}

export function inTrouble(target: Target): boolean {
  return !target.enabled || target.breaker === "open" || target.closed?.why === "credentials";
}

function told(answer: TestAnswer): string {
  const provider = [answer.status, answer.answer].filter(Boolean).join(" ");
  const cause = answer.why ? `, ${why(answer.why)}` : "";
  return `${answer.target}: ${deliveryState(answer.state).toLowerCase()}${cause}${provider ? ` (${provider})` : ""}`;
}
