// What the page knows: the rows of the feed, the state of the connection, and what waits to be shown.

import { SvelteMap } from "svelte/reactivity";
import type { Alert, Closed } from "./alert";
import { type Api, ApiError } from "./api";
import { close, hold, join, KEEP, prepend } from "./feed";
import { asMatch, EVERYTHING, type Filter, historyQuery, sameQuestion } from "./filters";
import { type DeliveryNews, type Stats, targetOf } from "./ops";
import { type Connection, type Hooks, Stream } from "./socket";

const PAGE = 50;
const HIDDEN_MS = 1000; // a page nobody sees paints nothing; it still must not pile up
const PAINT_GAP_MS = 100;
const REFRESH_MS = 15_000; // repeats and filtered alerts make no event: history has them
const NEWS_KEPT = 1000;

// States of deliveries that somebody waited for, and that did not go well; what was cancelled nobody misses.
const IN_VAIN = new Set(["refused", "expired", "unknown", "possibly_sent"]);

export class Live {
  connection = $state.raw<Connection>({ kind: "connecting" });
  rows = $state.raw<Alert[]>([]);
  /** Arrived while the feed stood still, in the order of the stream. */
  waiting = $state.raw<Alert[]>([]);
  filter = $state.raw<Filter>(EVERYTHING);
  next = $state.raw<string | null>(null);
  loading = $state(true);
  problem = $state.raw<ApiError | null>(null);
  /** How the service does, as it said last; null until it has said so. */
  stats = $state.raw<Stats | null>(null);
  /** By alert, what was last heard of each of its deliveries. */
  readonly deliveries = new SvelteMap<string, ReadonlyMap<string, DeliveryNews>>();
  /** By target, the last delivery that did not go well. */
  readonly troubles = new SvelteMap<string, DeliveryNews>();
  paused = $state(false);
  /** The reader is further down, or walks the rows with the keyboard: nothing may move under them. */
  reading = $state(false);

  readonly #api: Api;
  readonly #stream: Stream;
  readonly #heard: (alert: Alert) => void;
  readonly #refreshing: ReturnType<typeof setInterval>;
  #arrived: Alert[] = [];
  #ended: Closed[] = [];
  #news: DeliveryNews[] = [];
  #painting = false;
  #painted = 0;
  #question = 0;
  /** The question whose answer the rows are. */
  #answered = -1;

  constructor(
    api: Api,
    token: string,
    filter: Filter,
    heard: (alert: Alert) => void,
    others: Pick<Hooks, "lane" | "monitor" | "condition">,
  ) {
    this.#api = api;
    this.#heard = heard;
    this.filter = filter;
    this.#stream = new Stream(token, {
      connection: (state) => {
        this.connection = state;
      },
      alert: (alert) => this.#receive(alert),
      closed: (closed) => this.#later(this.#ended, closed),
      running: (complete) => {
        if (!complete) void this.reload();
      },
      delivery: (news) => this.#later(this.#news, news),
      ...others,
      stats: (stats) => {
        this.stats = stats;
      },
    });
    this.#stream.open(asMatch(filter));
    // Shown before the stream runs; asked again then, lest something falls between the two.
    void this.reload();
    this.#refreshing = setInterval(() => void this.#refresh(), REFRESH_MS);
  }

  stop(): void {
    clearInterval(this.#refreshing);
    this.#stream.close();
  }

  retryNow(): void {
    this.#stream.retryNow();
  }

  ask(filter: Filter): void {
    const same = sameQuestion(filter, this.filter);
    this.filter = filter;
    if (same) return;
    this.#question++;
    this.loading = true;
    this.#stream.subscribe(asMatch(filter));
    // A live stream asks for history itself, once it has turned to the new interest.
    if (this.connection.kind !== "live") void this.reload();
  }

  /** Reads the newest page again. */
  async reload(): Promise<void> {
    this.loading = true;
    const question = this.#question;
    const before = this.rows;
    // What arrived under an older question is not wanted any more.
    if (this.#answered !== question) this.#arrived = [];
    await this.#read(null, (alerts, next) => {
      if (this.#answered === question && this.#still) this.#keepBack(alerts);
      else this.#replace(before, alerts);
      this.#answered = question;
      this.next = next;
    });
    if (question === this.#question) this.loading = false;
  }

  async loadOlder(): Promise<void> {
    this.loading = true;
    await this.#read(this.next, (alerts, next) => {
      this.rows = join(this.rows, alerts, Number.POSITIVE_INFINITY);
      this.next = next;
    });
    this.loading = false;
  }

  /** Shows what waited, and goes on live. */
  release(): void {
    this.paused = false;
    this.reading = false;
    this.rows = prepend(this.rows, this.waiting, this.#keep());
    this.waiting = [];
  }

  /** Whether the feed stands still for a reader; once it may move, what waited is shown, unless they paused. */
  hold(reading: boolean): void {
    const over = this.reading && !reading;
    this.reading = reading;
    if (over && !this.paused) this.release();
  }

  async #refresh(): Promise<void> {
    if (document.hidden || this.loading || this.#still || this.connection.kind !== "live") return;
    await this.#read(null, (alerts) => {
      this.rows = join(this.rows, alerts, this.#keep());
    });
  }

  get #still(): boolean {
    return this.paused || this.reading;
  }

  /** Rows from before go; those that arrived meanwhile stay. */
  #replace(before: readonly Alert[], alerts: readonly Alert[]): void {
    this.rows = join(
      this.rows.filter((row) => !before.includes(row)),
      alerts,
    );
    this.waiting = [];
  }

  /** Nothing moves under a reader: what the rows do not have yet waits, in the order of the stream. */
  #keepBack(alerts: readonly Alert[]): void {
    const known = new Set(this.rows.map((row) => row.id));
    this.rows = join(
      this.rows,
      alerts.filter((alert) => known.has(alert.id)),
      this.#keep(),
    );
    this.waiting = join(
      this.waiting,
      alerts.filter((alert) => !known.has(alert.id)),
    ).reverse();
  }

  async #read(page: string | null, take: (alerts: Alert[], next: string | null) => void): Promise<void> {
    const question = this.#question;
    const query = historyQuery(this.filter, Date.now());
    query.set("limit", String(PAGE));
    if (page) query.set("page", page);
    try {
      const answer = await this.#api.alerts(query);
      if (question !== this.#question) return;
      take(answer.alerts, answer.next);
      this.problem = null;
    } catch (problem) {
      if (question === this.#question && problem instanceof ApiError) this.problem = problem;
    }
  }

  #receive(alert: Alert): void {
    this.#heard(alert);
    if (this.filter.decision === "filtered") return;
    this.#later(this.#arrived, alert);
  }

  /** An alert alone is painted with the next frame; a flood is collected, ten paintings a second are what eyes follow. */
  #later<T>(pile: T[], news: T): void {
    pile.push(news);
    if (pile.length > 2 * KEEP) pile.splice(0, KEEP);
    if (this.#painting) return;
    this.#painting = true;
    const wait = document.hidden ? HIDDEN_MS : this.#painted + PAINT_GAP_MS - performance.now();
    if (wait > 0) setTimeout(() => this.#paint(), wait);
    else requestAnimationFrame(() => this.#paint());
  }

  #paint(): void {
    this.#painting = false;
    this.#painted = performance.now();
    if (this.#arrived.length && this.#still) this.waiting = hold(this.rows, this.waiting, this.#arrived);
    else if (this.#arrived.length) this.rows = prepend(this.rows, this.#arrived, this.#keep());
    if (this.#ended.length) {
      this.rows = close(this.rows, this.#ended);
      this.waiting = close(this.waiting, this.#ended);
    }
    for (const news of this.#news) this.#note(news);
    this.#arrived = [];
    this.#ended = [];
    this.#news = [];
  }

  #note(news: DeliveryNews): void {
    if (IN_VAIN.has(news.state) || news.why === "deferred") this.troubles.set(targetOf(news), news);
    const known = this.deliveries.get(news.alert_id) ?? new Map<string, DeliveryNews>();
    this.deliveries.set(news.alert_id, new Map(known).set(targetOf(news), news));
    const oldest = this.deliveries.keys().next().value;
    if (this.deliveries.size > NEWS_KEPT && oldest !== undefined) this.deliveries.delete(oldest);
  }

  /** Whoever loaded older rows wants to keep them. */
  #keep(): number {
    return Math.max(KEEP, this.rows.length);
  }
}
