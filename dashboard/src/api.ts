// The HTTP door of the service.

import type { Alert, Band } from "./alert";
import type { Condition } from "./conditions";
import type { Closed } from "./closed";
import type { Mirror } from "./mirrors";
import type { Nodes } from "./nodes";
import { here } from "./place";
import type { Checked, InForce } from "./settings";
import { strings } from "./strings";
import type { Watched } from "./watched";

export interface Detail {
  path: string;
  message: string;
}

/** The service said no: `code` is its stable word, the message says how to mend it. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    /** One for each thing that is wrong with what was asked, by its path in it. */
    readonly details: readonly Detail[] = [],
  ) {
    super(message);
  }
}

/** What went wrong, for the reader; a missing scope says which token is needed. */
export function said(problem: unknown): string {
  if (!(problem instanceof ApiError)) return String(problem);
  return problem.status === 403 ? strings.page.needsAdmin : problem.message;
}

/** A delivery as lists show it; `at` is when it came into its state. */
export interface BriefDelivery {
  /** `discord:general` */
  target: string;
  state: string;
  why: string | null;
  at: string;
}

/** An alert as lists show it. */
export interface ListedAlert extends Alert {
  deliveries: BriefDelivery[];
  lists: ToldList[];
}

export interface Page {
  alerts: ListedAlert[];
  next: string | null;
}

/** One request to a provider, as the timeline shows it. */
export interface Attempt {
  id: string;
  started_at: string;
  finished_at: string | null;
  outcome: string | null;
  took_ms: number | null;
  status: number | null;
  answer: string;
  mentioned: string;
  /** How many deliveries this one request carried. */
  members: number;
}

export interface Delivery {
  id: string;
  target: string;
  lane: string;
  /** The name of the rule that led to the target. */
  route: string | null;
  state: string;
  why: string | null;
  due: string;
  planned_at: string;
  moved_at: string;
  expires_at: string;
  possibly_repeated: boolean;
  /** From detection to the provider's answer, for what was sent. */
  latency_ms: number | null;
  attempts: Attempt[];
}

/** The states that a delivery can be tried again from. */
export const RETRIABLE: ReadonlySet<string> = new Set(["refused", "expired", "cancelled", "possibly_sent"]);

/** What a list of people was told: how many of them are in which state, and how many were left out, by the reason. */
export interface ToldList {
  target: string;
  route: string | null;
  recipients: Record<string, number>;
  left_out: Record<string, number>;
  moved_at: string | null;
}

/** One person of a list, masked; without a contact where the address is nobody's any more. */
export interface Recipient {
  contact: string | null;
  address: string | null;
  shown: string | null;
  may_be_told: boolean;
  state: string;
  why: string | null;
  detail: string;
  delivery: string | null;
  moved_at: string;
}

/** `ms` counts from detection, `took_ms` from the step before. */
export interface Step {
  at: string;
  ms: number;
  took_ms: number | null;
  what: string;
  detail: string;
}

/** Everything about one alert. */
export interface Story extends Alert {
  deliveries: Delivery[];
  lists: ToldList[];
  timeline: Step[];
}

/** One place on a channel, and how the lane that leads there stands; spans in seconds. */
export interface Target {
  target: string;
  enabled: boolean;
  disabled: { at: string; why: string; detail: string } | null;
  shadow: boolean;
  lane: string;
  in_flight?: number;
  closed?: Closed | null;
  breaker?: "open" | "closed";
  failures?: number;
  pending: Partial<Record<Band, number>>;
  sending: number;
  unknown: number;
  oldest: string | null;
}

/** `held`: what waits in lanes that the configuration does not have any more. */
export type Channel =
  { channel: string; targets: Target[] } | { channel: null; held: Pick<Target, "lane" | "pending">[] };

/** What became of a test message, with the words of the provider. */
export interface TestAnswer {
  target: string;
  state: string;
  why: string | null;
  status?: number | null;
  answer?: string;
}

/** A program that watches a retailer; `interval` is in seconds. */
export interface Monitor {
  id: string;
  retailer: string;
  skus: string[];
  interval: number;
  state: "active" | "lost";
  heard_at: string;
}

/** The token that asks; `expires_at` is null where it has no end. */
export interface Mine {
  name: string;
  scopes: string[];
  expires_at: string | null;
}

/** A token as it is listed; its secret never is. */
export interface Token {
  id: string;
  name: string;
  scopes: string[];
  created_at: string | null;
  expires_at: string | null;
  revoked_at: string | null;
  last_used_at: string | null;
}

/** A token that was just made: its secret is told this once. */
export interface MadeToken extends Token {
  token: string;
}

/** A contact, as far as a search tells of it. */
export interface Found {
  id: string;
  name: string;
  external_id: string | null;
  addresses: { shown: string }[];
}

/** Commands for a shell of the service's own machine. */
export interface FirstSteps {
  send: string;
  post: string;
  demo: string;
}

/** Where the pages of a demo are. */
export interface Demo {
  dashboard: string;
  sandbox: string;
}

/** What would become of an alert; a list says how many of its people it would tell now, and how many not, by reason. */
export interface Rehearsed {
  decision: "accepted" | "filtered" | "duplicate";
  reason: string;
  priority: number;
  targets: {
    target: string;
    route?: string | null;
    state?: string;
    why?: string | null;
    recipients?: number;
    left_out?: Record<string, number>;
  }[];
}

export class Api {
  readonly #token: string;

  constructor(token: string) {
    this.#token = token;
  }

  alerts(query: URLSearchParams): Promise<Page> {
    return this.call("GET", `/api/v1/alerts?${query}`);
  }

  story(id: string): Promise<Story> {
    return this.call("GET", `/api/v1/alerts/${encodeURIComponent(id)}`);
  }

  recipients(alert: string, query: URLSearchParams): Promise<{ recipients: Recipient[]; next: string | null }> {
    return this.call("GET", `/api/v1/alerts/${encodeURIComponent(alert)}/recipients?${query}`);
  }

  retry(delivery: string): Promise<unknown> {
    return this.call("POST", `/api/v1/deliveries/${encodeURIComponent(delivery)}/retry`);
  }

  channels(): Promise<{ channels: Channel[] }> {
    return this.call("GET", "/api/v1/channels");
  }

  monitors(): Promise<{ monitors: Monitor[] }> {
    return this.call("GET", "/api/v1/monitors");
  }

  mirrors(): Promise<{ mirrors: Mirror[] }> {
    return this.call("GET", "/api/v1/mirrors");
  }

  nodes(): Promise<Nodes> {
    return this.call("GET", "/api/v1/nodes");
  }

  mine(): Promise<Mine> {
    return this.call("GET", "/api/v1/tokens/mine");
  }

  watch(query: URLSearchParams): Promise<{ watch: Watched[]; next: string | null }> {
    return this.call("GET", `/api/v1/watch?${query}`);
  }

  /** What would become of an alert, with nothing stored or sent. */
  rehearse(alert: Record<string, unknown>): Promise<Rehearsed> {
    return this.call("POST", "/api/v1/routes/test", alert);
  }

  firstSteps(): Promise<FirstSteps> {
    return this.call("GET", "/api/v1/first-steps");
  }

  sendSample(): Promise<unknown> {
    return this.call("POST", "/api/v1/first-steps/alert");
  }

  showDemo(): Promise<Demo> {
    return this.call("POST", "/api/v1/first-steps/demo");
  }

  conditions(): Promise<{ conditions: Condition[] }> {
    return this.call("GET", "/api/v1/conditions");
  }

  test(target: string): Promise<TestAnswer> {
    const [channel, name] = parts(target);
    return this.call("POST", `/api/v1/channels/${encodeURIComponent(channel)}/test`, { target: name });
  }

  enable(target: string): Promise<unknown> {
    const [channel, name] = parts(target).map(encodeURIComponent);
    return this.call("POST", `/api/v1/channels/${channel}/targets/${name}/enable`);
  }

  disable(target: string): Promise<unknown> {
    const [channel, name] = parts(target).map(encodeURIComponent);
    return this.call("POST", `/api/v1/channels/${channel}/targets/${name}/disable`);
  }

  configuration(): Promise<InForce> {
    return this.call("GET", "/api/v1/config");
  }

  checkConfiguration(file: Blob): Promise<Checked> {
    return this.call("POST", "/api/v1/config/check", file, { "content-type": "application/json" });
  }

  reload(): Promise<unknown> {
    return this.call("POST", "/api/v1/config/reload");
  }

  tokens(): Promise<{ tokens: Token[] }> {
    return this.call("GET", "/api/v1/tokens");
  }

  makeToken(draft: { name: string; scopes: readonly string[]; expires_at?: string }): Promise<MadeToken> {
    return this.call("POST", "/api/v1/tokens", draft);
  }

  revoke(token: string): Promise<unknown> {
    return this.call("DELETE", `/api/v1/tokens/${encodeURIComponent(token)}`);
  }

  /** Those whose name or address the words of `q` are in. */
  people(query: URLSearchParams): Promise<{ contacts: Found[] }> {
    return this.call("GET", `/api/v1/contacts?${query}`);
  }

  async blob(path: string): Promise<Blob> {
    return (await this.#ask("GET", path)).blob();
  }

  async metrics(): Promise<string> {
    return (await this.#ask("GET", "/metrics")).text();
  }

  /** A file goes as it is, under its own type; everything else as JSON. */
  async call<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
    return (await this.#ask(method, path, body, headers)).json();
  }

  async #ask(method: string, path: string, body?: unknown, more: Record<string, string> = {}): Promise<Response> {
    const isFile = body instanceof Blob;
    const type: Record<string, string> = body && !isFile ? { "content-type": "application/json" } : {};
    const answer = await fetch(here(path), {
      method,
      headers: { authorization: `Bearer ${this.#token}`, ...type, ...more },
      body: isFile ? body : body ? JSON.stringify(body) : null,
      credentials: "omit",
    }).catch(() => {
      throw new ApiError(0, "unreachable", strings.page.unreachable);
    });
    if (!answer.ok) throw refusal(answer.status, await answer.json().catch(() => null));
    return answer;
  }
}

/** `discord:general` is the target `general` of the channel `discord`. */
export function parts(target: string): [channel: string, name: string] {
  const colon = target.indexOf(":");
  return [target.slice(0, colon), target.slice(colon + 1)];
}

type Told = { error?: { code?: string; message?: string; details?: Detail[] } } | null;

function refusal(status: number, told: Told): ApiError {
  const error = told?.error;
  const message = error?.message ?? strings.page.answered(status);
  return new ApiError(status, error?.code ?? `http_${status}`, message, error?.details ?? []);
}
