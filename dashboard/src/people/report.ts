// How the report of an import reads. Pure.

import { count } from "../format";
import { strings } from "../strings";
import type { Tone } from "../words";
import { type ImportedRow, RESULTS, type Report, type Result } from "./directory";
import { result } from "./words";

const TONES: Record<Result, Tone> = {
  created: "good",
  updated: "good",
  unchanged: "off",
  suppressed: "off",
  invalid: "bad",
};

export function gist(report: Report): string {
  const told = RESULTS.filter((word) => report[word]).map((word) => `${count(report[word])} ${result(word)}`);
  return told.join(", ") || strings.people.import.noRows;
}

export function toneOfRow(word: Result): Tone {
  return TONES[word] ?? "off";
}

/** Everything that is wrong with a row, or what was left out of it. */
export function toldOf({ error, note }: ImportedRow): string {
  if (!error) return note;
  return error.details.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join("; ") || error.message;
}
