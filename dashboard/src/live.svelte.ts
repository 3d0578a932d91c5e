// What the page knows: the rows of the feed, the state of the connection, and what waits to be shown.

import { SvelteMap } from "svelte/reactivity";
import type { Alert, Closed } from "./alert";
import { type Api, ApiError } from "./api";
import { asOne, type Deliveries, type Delivered, isOfOne, merged } from "./chips";
import { arrive, close, EMPTY, type Feed, KEEP, lengthen, type Page, release, renew, replace, waitingIn } from "./feed";
import {
  admitting,
  asMatch,
  EVERYTHING,
  type Filter,
  fromLedgerOnly,
  historyQuery,
  sameInterest,
  sameQuestion,
} from "./filters";
import { type DeliveryNews, type Stats, targetOf } from "./ops";
import { type Connection, type Hooks, Stream } from "./socket";

const PAGE = 50;
const LONGEST_PAGE = 500;
const HIDDEN_MS = 1000; // a page nobody sees paints nothing; it still must not pile up
const PAINT_GAP_MS = 100;
const REFRESH_MS = 15_000; // repeats and filtered alerts make no event: history has them
const TYPING_MS = 250; // so long after the last key, a search is asked for
const NEWS_MS = 1000; // and so long after news that only the ledger can put in its place
const NEWS_KEPT = 1000;

// States of deliveries that somebody waited for, and that did not go well; what was cancelled nobody misses.
const IN_VAIN = new Set(["refused", "expired", "unknown", "possibly_sent"]);

/** The stream is down: `since` is when the page was in touch last, in epoch ms; null: it never was. */
export interface Lost {
  since: number | null;
}

export class Live {
  connection = $state.raw<Connection>({ kind: "connecting" });
  feed = $state.raw<Feed>(EMPTY);
  /** Null where the stream runs, or has not failed yet. */
  lost = $state.raw<Lost | null>(null);
  filter = $state.raw<Filter>(EVERYTHING);
  loading = $state(true);
  problem = $state.raw<ApiError | null>(null);
  /** How the service does, as it said last; null until it has said so. */
  stats = $state.raw<Stats | null>(null);
  /** By alert, what was last heard of each of its deliveries. */
  readonly deliveries = new SvelteMap<string, Deliveries>();
  /** By target, the last delivery that did not go well. */
  readonly troubles = new SvelteMap<string, DeliveryNews>();
  paused = $state(false);
  /** The reader is further down, points at the rows or walks them with the keyboard: nothing may move under them. */
  reading = $state(false);

  readonly #api: Api;
  readonly #stream: Stream;
  readonly #heard: (alert: Alert) => void;
  readonly #refreshing: ReturnType<typeof setInterval>;
  #arrived: Alert[] = [];
  /** Arrived, and let go before the next painting. */
  #skipped = 0;
  #ended: Closed[] = [];
  #news: DeliveryNews[] = [];
  #painting: ReturnType<typeof setTimeout> | undefined;
  #frame = 0;
  #painted = 0;
  readonly #admits = $derived(admitting(this.filter));
  #asking: ReturnType<typeof setTimeout> | undefined;
  #renewing: ReturnType<typeof setTimeout> | undefined;
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
        if (state.kind === "waiting") this.lost = { since: state.since };
        else if (state.kind === "live") this.lost = null;
      },
      alert: (alert) => this.#receive(alert),
      closed: (closed) => {
        this.#ended.push(closed);
        this.#paintSoon();
      },
      running: (complete) => void (complete ? this.#renew(this.feed.rows.length) : this.reload()),
      delivery: (news) => {
        this.#news.push(news);
        this.#paintSoon();
      },
      ...others,
      stats: (stats) => {
        this.stats = stats;
      },
    });
    this.#stream.open(asMatch(filter));
    // Shown before the stream runs; asked again then, lest something falls between the two.
    void this.reload();
    this.#refreshing = setInterval(() => this.#refresh(), REFRESH_MS);
    document.addEventListener("visibilitychange", this.#comeOrGo);
  }

  stop(): void {
    clearInterval(this.#refreshing);
    for (const timer of [this.#painting, this.#asking, this.#renewing]) clearTimeout(timer);
    cancelAnimationFrame(this.#frame);
    document.removeEventListener("visibilitychange", this.#comeOrGo);
    this.#stream.close();
  }

  retryNow(): void {
    this.#stream.retryNow();
  }

  /** Whether a reader who asked for this filter is shown this alert. */
  admits(alert: Alert, now: number): boolean {
    return this.#admits(alert, now);
  }

  /** How many alerts wait to be shown. */
  get waiting(): number {
    return waitingIn(this.feed);
  }

  /** Why this page may not read, where that is so. */
  get shutOut(): ApiError | null {
    return this.problem && (this.problem.status === 401 || this.problem.status === 403) ? this.problem : null;
  }

  ask(filter: Filter): void {
    const before = this.filter;
    this.filter = filter;
    if (sameQuestion(filter, before)) return;
    this.#question++;
    this.loading = true;
    clearTimeout(this.#asking);
    if (!sameInterest(filter, before)) {
      this.#stream.subscribe(asMatch(filter));
      // A live stream asks for history itself, once it has turned to the new interest.
      if (this.connection.kind === "live") return;
    }
    this.#asking = setTimeout(() => void this.reload(), filter.text === before.text ? 0 : TYPING_MS);
  }

  /** Reads the newest page again. */
  async reload(): Promise<void> {
    await this.#load(() => this.#renewed(PAGE));
  }

  async loadOlder(): Promise<void> {
    const last = this.feed.rows.at(-1);
    if (this.loading || !last || !this.feed.more || this.#answered !== this.#question) return;
    await this.#load(() => this.#readOlder(last.id));
  }

  /** Shows what waited, and goes on live. */
  release(): void {
    this.paused = false;
    this.reading = false;
    if (this.waiting) this.#renewSoon();
    this.feed = release(this.feed);
  }

  /** Whether the feed stands still for a reader; once it may move, what waited is shown, unless they paused. */
  hold(reading: boolean): void {
    const over = this.reading && !reading;
    this.reading = reading;
    if (over && !this.paused) this.release();
  }

  /** Nobody is told of what only the ledger knows: it is looked up for a feed that stands still, too. */
  #refresh(): void {
    const everywhere = fromLedgerOnly(this.filter);
    if (document.hidden || this.loading || this.connection.kind !== "live" || (this.#still && !everywhere)) return;
    void this.#renew(everywhere ? this.feed.rows.length : this.feed.streamed + PAGE);
  }

  get #still(): boolean {
    return this.paused || this.reading;
  }

  /** Reads so many of the newest, and puts them in their place. Nobody asked: where it fails, the next time will do. */
  async #renew(limit: number): Promise<void> {
    await this.#renewed(limit).catch(() => undefined);
  }

  async #renewed(limit: number): Promise<void> {
    this.#paint();
    const asked = this.feed;
    const question = this.#question;
    const page = await this.#read(Math.max(PAGE, limit));
    if (question !== this.#question) return;
    const whole = this.#answered !== question || (fromLedgerOnly(this.filter) && !this.#still);
    this.feed = whole ? replace(this.feed, page, asked) : renew(this.feed, page, asked, this.#still);
    this.#answered = question;
  }

  async #read(limit: number, below?: string): Promise<Page> {
    const query = historyQuery(this.filter, Date.now());
    query.set("limit", String(Math.min(LONGEST_PAGE, limit)));
    if (below) query.set("before", below);
    const answer = await this.#api.alerts(query);
    for (const { id, deliveries, lists } of answer.alerts) {
      this.#keepNews(id, [...deliveries, ...lists.flatMap(asOne)]);
    }
    return { alerts: answer.alerts, more: answer.next !== null };
  }

  async #readOlder(last: string): Promise<void> {
    const question = this.#question;
    const page = await this.#read(PAGE, last).catch((problem) => {
      // The last row is forgotten by now, and so is what was older.
      if (problem instanceof ApiError && problem.status === 404) return { alerts: [], more: false };
      throw problem;
    });
    if (question === this.#question) this.feed = lengthen(this.feed, page, last);
  }

  /** What somebody waits for; where it fails, they are told. */
  async #load(work: () => Promise<void>): Promise<void> {
    this.loading = true;
    const question = this.#question;
    let problem: ApiError | null = null;
    try {
      await work();
    } catch (failure) {
      if (!(failure instanceof ApiError)) throw failure;
      problem = failure;
    }
    if (question !== this.#question) return;
    this.problem = problem;
    this.loading = false;
  }

  #receive(alert: Alert): void {
    this.#heard(alert);
    if (fromLedgerOnly(this.filter)) return this.#renewSoon();
    if (!this.#admits(alert, Date.now())) return;
    this.#arrived.push(alert);
    if (this.#arrived.length > 2 * KEEP) this.#skipped += this.#arrived.splice(0, KEEP).length;
    this.#paintSoon();
  }

  /** Asks the ledger what there is; a burst of reasons is one question. */
  #renewSoon(): void {
    this.#renewing ??= setTimeout(() => {
      this.#renewing = undefined;
      this.#refresh();
    }, NEWS_MS);
  }

  /** An alert alone is painted with the next frame; a flood is collected, ten paintings a second are what eyes follow. */
  #paintSoon(): void {
    if (this.#painting !== undefined || this.#frame) return;
    const wait = document.hidden ? HIDDEN_MS : this.#painted + PAINT_GAP_MS - performance.now();
    if (wait > 0) this.#painting = setTimeout(() => this.#paint(), wait);
    else this.#frame = requestAnimationFrame(() => this.#paint());
  }

  /** No frame comes to a page that nobody sees, and few ticks: what is under way is painted as it goes and comes. */
  readonly #comeOrGo = (): void => this.#paint();

  #paint(): void {
    clearTimeout(this.#painting);
    cancelAnimationFrame(this.#frame);
    this.#painting = undefined;
    this.#frame = 0;
    this.#painted = performance.now();
    if (this.#arrived.length) this.feed = arrive(this.feed, this.#arrived, this.#still, this.#skipped);
    if (this.#ended.length) this.feed = close(this.feed, this.#ended);
    for (const news of this.#news) this.#note(news);
    if (this.#news.length && fromLedgerOnly(this.filter)) this.#renewSoon();
    this.#arrived = [];
    this.#skipped = 0;
    this.#ended = [];
    this.#news = [];
  }

  #note(news: DeliveryNews): void {
    if (IN_VAIN.has(news.state) || news.why === "deferred") this.troubles.set(targetOf(news), news);
    const told = { target: targetOf(news), state: news.state, why: news.why, at: news.at };
    this.#keepNews(news.alert_id, isOfOne(told) ? [] : [told]);
  }

  #keepNews(alert: string, told: readonly Delivered[]): void {
    this.deliveries.set(alert, merged(this.deliveries.get(alert), told));
    if (this.deliveries.size > 2 * NEWS_KEPT + this.feed.rows.length + this.feed.waiting.length) this.#forgetNews();
  }

  /** Of alerts that are not in the feed, or not any more, the last ones: some are about to come. */
  #forgetNews(): void {
    const shown = new Set([...this.feed.rows, ...this.feed.waiting].map(({ id }) => id));
    const others = [...this.deliveries.keys()].filter((id) => !shown.has(id));
    for (const id of others.slice(0, -NEWS_KEPT)) this.deliveries.delete(id);
  }
}
