// The figures of one question, asked together; what fails leaves what stood there.

import { type Api, said } from "../api";
import {
  type Answer,
  bucketOf,
  type FailureRow,
  type FigureRow,
  periodOf,
  type Question,
  type RoiRow,
} from "./figures";

export interface Told {
  question: Question;
  period: { since: string; until: string; hours: number };
  whole: Answer<FigureRow>;
  course: Answer<FigureRow>;
  values: Answer<FigureRow>;
  uptime: Answer<FigureRow>;
  failures: Answer<FailureRow>;
  roi: Answer<RoiRow>;
}

export type Part = Exclude<keyof Told, "question" | "period">;

const CALLS: Record<Part, string> = {
  whole: "overview",
  course: "overview",
  values: "channels",
  uptime: "channels",
  failures: "failures",
  roi: "roi",
};
const COMPARED: readonly Part[] = ["whole", "course", "values"];
const SETTLE_MS = 150;

export class Statistics {
  told = $state.raw<Told | null>(null);
  problem = $state("");
  busy = $state(false);
  readonly #api: Api;
  #question: Question | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(api: Api) {
    this.#api = api;
  }

  ask(question: Question): void {
    this.#question = question;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.look(), this.told ? SETTLE_MS : 0);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  async look(): Promise<void> {
    const question = this.#question;
    if (!question) return;
    this.busy = true;
    const period = periodOf(question, Date.now());
    try {
      const [whole, course, values, uptime, failures, roi] = await Promise.all([
        this.#read<FigureRow>("whole", question, period),
        this.#read<FigureRow>("course", question, period),
        this.#read<FigureRow>("values", question, period),
        this.#read<FigureRow>("uptime", question, period),
        this.#read<FailureRow>("failures", question, period),
        this.#read<RoiRow>("roi", question, period),
      ]);
      if (question !== this.#question) return;
      this.told = { question, period, whole, course, values, uptime, failures, roi };
      this.problem = "";
    } catch (problem) {
      if (question !== this.#question) return;
      this.problem = said(problem);
    }
    this.busy = false;
  }

  /** The same as a table for spreadsheets. */
  csv(part: Part): Promise<Blob> {
    const question = this.#question as Question;
    const query = asked(part, question, periodOf(question, Date.now()));
    query.set("format", "csv");
    query.delete("compare");
    return this.#api.blob(`/api/v1/analytics/${CALLS[part]}?${query}`);
  }

  #read<Row>(part: Part, question: Question, period: Told["period"]): Promise<Answer<Row>> {
    return this.#api.call("GET", `/api/v1/analytics/${CALLS[part]}?${asked(part, question, period)}`);
  }
}

function asked(part: Part, question: Question, { since, until, hours }: Told["period"]): URLSearchParams {
  const query = new URLSearchParams({ since, until, zone: question.zone });
  const by = { whole: "all", course: "all", values: question.by, uptime: "channel", failures: "all", roi: "channel" };
  query.set("by", by[part]);
  if (part === "course" || part === "uptime") query.set("bucket", bucketOf(hours));
  if (question.compare && COMPARED.includes(part)) query.set("compare", "1");
  return query;
}
