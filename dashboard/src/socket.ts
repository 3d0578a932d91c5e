// The live stream: one connection that comes back by itself and goes on where it was.

import { Manager, type Socket } from "socket.io-client";
import type { Alert, Closed } from "./alert";
import type { Monitor } from "./api";
import { backoff } from "./backoff";
import type { Condition } from "./conditions";
import type { DeliveryNews, LaneNews, Stats } from "./ops";
import { here } from "./place";

export type Connection =
  | { kind: "connecting" }
  | { kind: "live" }
  /** Lost: `at` is when the next try is due, `since` when the page last was live (null: never). Epoch ms. */
  | { kind: "waiting"; at: number; since: number | null }
  /** The service does not let this token in; trying again is of no use. */
  | ({ kind: "refused" } & Refusal);

export interface Hooks {
  connection(state: Connection): void;
  alert(alert: Alert): void;
  closed(closed: Closed): void;
  /** The stream runs from here on. `complete`: nothing was missed since the last time. */
  running(complete: boolean): void;
  delivery(news: DeliveryNews): void;
  lane(news: LaneNews): void;
  monitor(news: Monitor): void;
  condition(news: Condition): void;
  stats(stats: Stats): void;
}

type Match = Record<string, string[]>;
type Carried<T> = T & { cursor: string };
/** Said before the service ends a connection; without a time, coming back with this token is of no use. */
type Goodbye = { code: string; message: string; retry_after_s: number | null };
/** Why the service turned somebody away: `forbidden` is a good token that may do other things. */
export type Refusal = { code: string; message: string };
type Ack = { ok: true; after: string } | { ok: false; error: Refusal };

const ACK_MS = 10_000;
const HOPELESS = new Set(["unauthorized", "forbidden"]);

export class Stream {
  readonly #hooks: Hooks;
  readonly #manager: Manager;
  readonly #alerts: Socket;
  readonly #ops: Socket;
  #match: Match = {};
  #cursor: string | null = null;
  #failures = 0;
  #liveUntil: number | null = null;
  #goodbye: Goodbye | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(token: string, hooks: Hooks) {
    this.#hooks = hooks;
    // Without an origin it would read an IPv6 host from the page, and put a second pair of brackets around it.
    const { origin, pathname } = here("/socket.io");
    // The waiting is our own, so that the page can say how long it lasts.
    this.#manager = new Manager(origin, {
      path: pathname,
      reconnection: false,
      autoConnect: false,
      transports: ["websocket", "polling"],
    });
    this.#alerts = this.#manager.socket("/", { auth: { token } });
    this.#ops = this.#manager.socket("/ops", { auth: { token } });
    this.#listen();
  }

  open(match: Match): void {
    this.#match = match;
    this.retryNow();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#alerts.off();
    this.#ops.off();
    this.#manager.off();
    this.#alerts.disconnect();
    this.#ops.disconnect();
  }

  /** Another interest from here on: what came before is history's to tell. */
  subscribe(match: Match): void {
    this.#match = match;
    this.#cursor = null;
    if (this.#alerts.connected) void this.#subscribe();
  }

  retryNow(): void {
    clearTimeout(this.#timer);
    this.#hooks.connection({ kind: "connecting" });
    this.#alerts.connect();
    this.#ops.connect();
  }

  #listen(): void {
    this.#alerts.on("connect", () => void this.#subscribe());
    this.#alerts.on("connect_error", (error) => this.#lost(error));
    this.#alerts.on("disconnect", () => this.#lost());
    this.#alerts.on("alert", (alert: Carried<Alert>) => {
      this.#cursor = alert.cursor;
      this.#hooks.alert(alert);
    });
    this.#alerts.on("alert_closed", (closed: Carried<Closed>) => {
      this.#cursor = closed.cursor;
      this.#hooks.closed(closed);
    });
    this.#alerts.on("cursor", (bookmark: string) => {
      this.#cursor = bookmark;
    });
    this.#alerts.on("goodbye", (goodbye: Goodbye) => {
      this.#goodbye = goodbye;
    });
    this.#alerts.on("resumed", (told: { complete: boolean }) => this.#hooks.running(told.complete));
    this.#ops.on("delivery", (news: DeliveryNews) => this.#hooks.delivery(news));
    this.#ops.on("lane", (news: LaneNews) => this.#hooks.lane(news));
    this.#ops.on("monitor", (news: Monitor) => this.#hooks.monitor(news));
    this.#ops.on("condition", (news: Condition) => this.#hooks.condition(news));
    this.#ops.on("stats", (stats: Stats) => this.#hooks.stats(stats));
  }

  async #subscribe(): Promise<void> {
    const resuming = this.#cursor !== null;
    const wanted = resuming ? { ...this.#match, after: this.#cursor } : this.#match;
    const ack: Ack | null = await this.#alerts
      .timeout(ACK_MS)
      .emitWithAck("subscribe", wanted)
      .catch(() => null);
    if (ack?.ok) this.#welcome(ack.after, resuming);
    else if (ack && HOPELESS.has(ack.error.code)) this.#refused(ack.error);
    else if (ack && resuming) this.subscribe(this.#match);
    else this.#alerts.disconnect();
  }

  #welcome(after: string, resuming: boolean): void {
    this.#failures = 0;
    this.#cursor ??= after;
    this.#hooks.connection({ kind: "live" });
    // A resumed stream is complete once the service says `resumed`.
    if (!resuming) this.#hooks.running(false);
  }

  #refused({ code, message }: Refusal): void {
    this.close();
    this.#hooks.connection({ kind: "refused", code, message });
  }

  #lost(error?: Error & { data?: Refusal }): void {
    clearTimeout(this.#timer);
    const goodbye = this.#goodbye;
    this.#goodbye = null;
    if (error?.data && HOPELESS.has(error.data.code)) return this.#refused(error.data);
    if (goodbye?.retry_after_s === null) return this.#refused(goodbye);
    if (!this.#failures) this.#liveUntil = error ? null : Date.now();
    const usual = backoff(this.#failures++, Math.random());
    // The service spreads those whom it sends away, so that they do not all return in one moment.
    const wait = goodbye ? goodbye.retry_after_s * 1000 : usual;
    this.#hooks.connection({ kind: "waiting", at: Date.now() + wait, since: this.#liveUntil });
    this.#timer = setTimeout(() => this.retryNow(), wait);
  }
}
