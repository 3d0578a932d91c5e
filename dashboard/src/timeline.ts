// One alert as a list of moments, in the order in which they happened. Pure.

import type { Attempt, Delivery, Story } from "./api";
import { deliveryState, plain, reason, type Tone, tone, why } from "./words";

export interface Step {
  at: string;
  /** Milliseconds since the detection. */
  after: number;
  what: string;
  detail: string;
  tone: Tone;
}

/** Detected, decided, then each attempt of each delivery with its provider's answer. */
export function steps(story: Story): Step[] {
  const began = Date.parse(story.timestamp);
  const step = (at: string, what: string, detail: string, tone: Tone): Step => ({
    at,
    after: Date.parse(at) - began,
    what,
    detail,
    tone,
  });
  const told = [
    step(story.timestamp, "Detected", `at ${story.retailer}`, "off"),
    step(
      story.accepted_at,
      capital(story.decision),
      reason(story.reason),
      story.decision === "accepted" ? "good" : "off",
    ),
    ...story.deliveries.flatMap((delivery) => ofDelivery(delivery, step)),
  ];
  return told.sort((one, other) => one.after - other.after);
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

type Make = (at: string, what: string, detail: string, tone: Tone) => Step;

function ofDelivery(delivery: Delivery, step: Make): Step[] {
  const attempts = delivery.attempts.flatMap((attempt, index) => ofAttempt(delivery, attempt, index + 1, step));
  const over =
    delivery.why && delivery.state !== "pending"
      ? [
          step(
            delivery.moved_at,
            `${delivery.target} ${deliveryState(delivery.state).toLowerCase()}`,
            why(delivery.why),
            tone(delivery.state),
          ),
        ]
      : [];
  return [...attempts, ...over];
}

function ofAttempt(delivery: Delivery, attempt: Attempt, number: number, step: Make): Step[] {
  const left = step(attempt.started_at, `${delivery.target}: attempt ${number}`, "the request leaves", "busy");
  if (!attempt.finished_at) return [left];
  const took = Date.parse(attempt.finished_at) - Date.parse(attempt.started_at);
  const answer = [attempt.status, attempt.answer].filter(Boolean).join(" ");
  return [
    left,
    step(
      attempt.finished_at,
      `${delivery.target}: ${plain(attempt.outcome ?? "no answer")}`,
      `${answer} after ${took} ms`,
      attempt.outcome === "delivered" ? "good" : "bad",
    ),
  ];
}
